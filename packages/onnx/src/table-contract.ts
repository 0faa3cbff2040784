import type { FeatureColumn, TableSchema, TaskName } from '@agon/contracts';
import { describeValue, type OnnxValue } from './onnx-value.ts';
import { OnnxRejection } from './rejection.ts';

type Signature = { readonly inputs: readonly OnnxValue[]; readonly outputs: readonly OnnxValue[] };

const elementTypeOf = (column: FeatureColumn): string => (column.kind === 'number' ? 'float32' : 'string');

const quoted = (names: readonly string[]): string => names.map((name) => JSON.stringify(name)).join(', ');

/**
 * Checks the inputs and outputs of a model against the trainer contract (docs/trainer-contract.md, tabular tasks), as far
 * as the model states them; what it leaves open shows when it runs.
 *
 * @throws OnnxRejection `inputs_wrong` or `outputs_wrong`.
 */
export function checkTableContract(model: Signature, table: TableSchema, task: TaskName): void {
  const columns = new Map(table.columns.map((column) => [column.input, column]));
  for (const input of model.inputs) {
    const column = columns.get(input.name);
    if (!column) {
      const names = quoted(table.columns.slice(0, 20).map((each) => each.input));
      const more = table.columns.length > 20 ? `, … (${table.columns.length} in all)` : '';
      throw new OnnxRejection(
        'inputs_wrong',
        `The input ${JSON.stringify(input.name)} is no column of the table; inputs are named ${names}${more}.`,
      );
    }
    checkInput(input, column);
  }
  if (task === 'tabular-regression') checkNumberOutput(model.outputs);
  else checkClassOutputs(model.outputs, table.classes?.length ?? 0);
}

function checkInput(input: OnnxValue, column: FeatureColumn): void {
  const expected = `${elementTypeOf(column)}[N,1]`;
  const wrong = (why: string) =>
    new OnnxRejection(
      'inputs_wrong',
      `The input ${JSON.stringify(input.name)} is ${describeValue(input)}; a ${column.kind} column is ${expected}${why}.`,
    );
  if (!input.isTensor || (input.elementType !== null && input.elementType !== elementTypeOf(column))) throw wrong('');
  if (input.shape === null) return;
  const [rows, width] = input.shape;
  if (input.shape.length !== 2 || (typeof width === 'number' && width !== 1)) throw wrong('');
  if (typeof rows === 'number') throw wrong(' with a free first dimension');
}

function checkClassOutputs(outputs: readonly OnnxValue[], classes: number): void {
  const probabilities = outputOf(outputs, 'probabilities', `float32[N,${classes}]`);
  requireOutput(probabilities, 'float32', `float32[N,${classes}]`, [2]);
  const width = probabilities.shape?.[1];
  if (typeof width === 'number' && width !== classes) {
    throw new OnnxRejection(
      'outputs_wrong',
      `The output "probabilities" has ${width} columns; the job has ${classes} classes, in the order of table.classes.`,
    );
  }
  const label = outputs.find((output) => output.name === 'label');
  if (label && (!label.isTensor || !['string', 'int64', null].includes(label.elementType))) {
    throw new OnnxRejection(
      'outputs_wrong',
      `The output "label" is ${describeValue(label)}; it must be string[N] or int64[N], or left out.`,
    );
  }
}

function checkNumberOutput(outputs: readonly OnnxValue[]): void {
  const prediction = outputOf(outputs, 'prediction', 'float32[N,1]');
  requireOutput(prediction, 'float32', 'float32[N,1] or float32[N]', [1, 2]);
  const width = prediction.shape?.[1];
  if (typeof width === 'number' && width !== 1) {
    throw new OnnxRejection('outputs_wrong', `The output "prediction" has ${width} columns; it must have one.`);
  }
}

function outputOf(outputs: readonly OnnxValue[], name: string, form: string): OnnxValue {
  const found = outputs.find((output) => output.name === name);
  if (found) return found;
  const names = quoted(outputs.slice(0, 20).map((output) => output.name));
  throw new OnnxRejection('outputs_wrong', `The model has no output "${name}" (${form}); its outputs are ${names}.`);
}

function requireOutput(output: OnnxValue, elementType: string, form: string, ranks: readonly number[]): void {
  const rightType = output.isTensor && (output.elementType === null || output.elementType === elementType);
  const rightRank = output.shape === null || ranks.includes(output.shape.length);
  if (rightType && rightRank) return;
  throw new OnnxRejection(
    'outputs_wrong',
    `The output ${JSON.stringify(output.name)} is ${describeValue(output)}; it must be ${form} (a tensor, no ZipMap).`,
  );
}
