import type { TableSchema, TaskName } from '@agon/contracts';
import type { OnnxChild } from './onnx-child.ts';
import type { Feeds, OnnxOutput } from './protocol.ts';
import { OnnxRejection } from './rejection.ts';
import { checkTableContract } from './table-contract.ts';

/** Row by row, `rows * classes` probabilities in the order of `table.classes`, and an index into them per row. */
export type ClassPrediction = { probabilities: Float32Array; labels: Int32Array };

/** One column per `table.columns`, in that order: numbers with NaN for missing, or strings with '' for missing. */
export type TableInputs = readonly (Float32Array | Float64Array | readonly string[])[];

export type PredictTable = {
  readonly child: OnnxChild;
  readonly table: TableSchema;
  readonly task: TaskName;
  readonly columns: TableInputs;
  readonly rows: number;
  /** Overrides the child's limit for this call. */
  readonly timeMs?: number;
};

/** Float arithmetic may leave [0, 1] by so much; such values are put back inside. */
const edgeTolerance = 1e-5;
const sumTolerance = 1e-3;

/**
 * Predicts a table with a model that keeps the trainer contract.
 *
 * @returns probabilities and labels for classification, one number per row for regression.
 * @throws OnnxRejection where the model breaks the contract or a limit; Error where the service fails.
 */
export function predictTable(input: PredictTable & { task: 'tabular-classification' }): Promise<ClassPrediction>;
export function predictTable(input: PredictTable & { task: 'tabular-regression' }): Promise<Float64Array>;
export function predictTable(input: PredictTable): Promise<ClassPrediction | Float64Array>;
export async function predictTable(input: PredictTable): Promise<ClassPrediction | Float64Array> {
  checkTableContract(input.child, input.table, input.task);
  const classes = input.table.classes?.length ?? 0;
  return input.task === 'tabular-regression' ? predictNumbers(input) : predictClasses(input, classes);
}

async function predictClasses(input: PredictTable, classes: number): Promise<ClassPrediction> {
  const hasLabel = input.child.outputs.some((output) => output.name === 'label');
  const fetches = [{ name: 'probabilities', widthMax: classes }, ...(hasLabel ? [{ name: 'label', widthMax: 1 }] : [])];
  const outputs = await input.child.run(feedsOf(input), input.rows, runOptions(input, fetches));
  if (input.rows === 0) return { probabilities: new Float32Array(0), labels: new Int32Array(0) };
  const probabilities = checkedProbabilities(outputs.probabilities, classes, input.rows);
  const label = outputs.label;
  const labels = label
    ? labelIndices(label, input.table.classes ?? [])
    : largestIndices(probabilities, classes, input.rows);
  return { probabilities, labels };
}

async function predictNumbers(input: PredictTable): Promise<Float64Array> {
  const fetches = [{ name: 'prediction', widthMax: 1 }];
  const outputs = await input.child.run(feedsOf(input), input.rows, runOptions(input, fetches));
  if (input.rows === 0) return new Float64Array(0);
  const output = outputs.prediction;
  if (!(output?.data instanceof Float32Array) || output.data.length !== input.rows) {
    throw new OnnxRejection('outputs_wrong', 'The output "prediction" must be float32[N,1] or float32[N].');
  }
  for (let row = 0; row < input.rows; row += 1) {
    if (!Number.isFinite(output.data[row])) {
      throw new OnnxRejection('output_not_finite', `The prediction of row ${row + 1} is ${output.data[row]}.`);
    }
  }
  return Float64Array.from(output.data);
}

const runOptions = (input: PredictTable, fetches: { name: string; widthMax: number }[]) =>
  input.timeMs === undefined ? { fetches } : { fetches, timeMs: input.timeMs };

/** The columns that the model asks for, as the runtime takes them. */
function feedsOf(input: PredictTable): Feeds {
  const wanted = new Set(input.child.inputs.map((value) => value.name));
  const feeds: Record<string, Float32Array | readonly string[]> = {};
  for (const [index, column] of input.table.columns.entries()) {
    if (!wanted.has(column.input)) continue;
    const values = input.columns[index];
    if (values?.length !== input.rows)
      throw new RangeError(`The column ${column.name} does not have ${input.rows} rows.`);
    feeds[column.input] = values instanceof Float64Array ? Float32Array.from(values) : values;
  }
  return feeds;
}

function checkedProbabilities(output: OnnxOutput | undefined, classes: number, rows: number): Float32Array {
  const data = output?.data;
  if (!(data instanceof Float32Array) || output?.rank !== 2 || output.width !== classes) {
    throw new OnnxRejection(
      'outputs_wrong',
      `The output "probabilities" has ${output?.width ?? 0} columns of ${output?.elementType ?? 'nothing'}; it must be float32[N,${classes}].`,
    );
  }
  for (let row = 0; row < rows; row += 1) checkRow(data, row, classes);
  return data;
}

function checkRow(data: Float32Array, row: number, classes: number): void {
  let sum = 0;
  for (let at = row * classes; at < (row + 1) * classes; at += 1) {
    const value = data[at] ?? Number.NaN;
    if (!(value >= -edgeTolerance && value <= 1 + edgeTolerance)) {
      throw new OnnxRejection(
        'output_not_finite',
        `A probability of row ${row + 1} is ${value}; it must be from 0 to 1.`,
      );
    }
    if (value < 0) data[at] = 0;
    else if (value > 1) data[at] = 1;
    sum += value;
  }
  if (Math.abs(sum - 1) > sumTolerance) {
    throw new OnnxRejection('outputs_wrong', `The probabilities of row ${row + 1} sum to ${sum.toFixed(4)}, not to 1.`);
  }
}

function largestIndices(probabilities: Float32Array, classes: number, rows: number): Int32Array {
  const labels = new Int32Array(rows);
  for (let row = 0; row < rows; row += 1) {
    const start = row * classes;
    let best = 0;
    for (let index = 1; index < classes; index += 1) {
      if ((probabilities[start + index] ?? 0) > (probabilities[start + best] ?? 0)) best = index;
    }
    labels[row] = best;
  }
  return labels;
}

function labelIndices(output: OnnxOutput, classes: readonly string[]): Int32Array {
  const { data } = output;
  if ('codes' in data) {
    const indexByClass = new Map(classes.map((name, index) => [name, index]));
    const indices = data.values.map(
      (name) => indexByClass.get(name) ?? unknownLabel(JSON.stringify(name.slice(0, 100))),
    );
    return Int32Array.from(data.codes, (code) => indices[code] ?? 0);
  }
  if (!(data instanceof BigInt64Array)) {
    throw new OnnxRejection(
      'outputs_wrong',
      `The output "label" is ${output.elementType}; it must be string or int64.`,
    );
  }
  const count = BigInt(classes.length);
  return Int32Array.from(data, (index) => (index >= 0n && index < count ? Number(index) : unknownLabel(String(index))));
}

function unknownLabel(label: string): never {
  throw new OnnxRejection('outputs_wrong', `The label ${label} is neither a class of the job nor an index of one.`);
}
