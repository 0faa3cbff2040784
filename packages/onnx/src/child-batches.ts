import ort from 'onnxruntime-node';
import type { OnnxOutput, OutputData, SentFeeds, ToChild } from './protocol.ts';
import { stringsOf, TextCollector, type Texts } from './texts.ts';

type RunMessage = Extract<ToChild, { kind: 'run' }>;

/** Bounds on text outputs, so that a model cannot fill the memory of whoever reads them. */
const textCharactersMax = 64 * 1024 * 1024;

/** The model gave something else than a tensor with one entry per row. */
export class OutputFault extends Error {
  override readonly name = 'OutputFault';
}

/** Runs the columns through the session, `batchRows` rows at a time, so that memory does not grow with the rows. */
export async function runBatches(
  session: ort.InferenceSession,
  message: RunMessage,
): Promise<Record<string, OnnxOutput>> {
  const growing: Record<string, GrowingOutput> = {};
  const names = message.fetches.map((fetch) => fetch.name);
  for (let start = 0; start < message.rows; start += message.batchRows) {
    const end = Math.min(start + message.batchRows, message.rows);
    const results = await session.run(tensorsOf(message.feeds, start, end), names);
    for (const fetch of message.fetches) {
      const tensor = results[fetch.name];
      if (!tensor) throw new OutputFault(`The output ${fetch.name} was not computed.`);
      const output = growing[fetch.name] ?? newOutput(tensor, fetch, { rows: message.rows, batchRows: end - start });
      growing[fetch.name] = output;
      place(output, tensor, { start, rows: end - start, name: fetch.name });
      tensor.dispose();
    }
  }
  return Object.fromEntries(Object.entries(growing).map(([name, output]) => [name, finished(output)]));
}

function tensorsOf(feeds: SentFeeds, start: number, end: number): Record<string, ort.Tensor> {
  const tensors: Record<string, ort.Tensor> = {};
  const shape = [end - start, 1];
  for (const [name, column] of Object.entries(feeds)) {
    if (column instanceof Float32Array) tensors[name] = new ort.Tensor('float32', column.subarray(start, end), shape);
    else {
      const strings = 'codes' in column ? stringsOf(column, start, end) : column.slice(start, end);
      tensors[name] = new ort.Tensor('string', strings, shape);
    }
  }
  return tensors;
}

type Numbers = Exclude<OutputData, Texts>;
type GrowingOutput = Omit<OnnxOutput, 'data'> & { readonly data: Numbers | TextCollector };

const finished = ({ data, ...output }: GrowingOutput): OnnxOutput => ({
  ...output,
  data: data instanceof TextCollector ? data.texts : data,
});

type Counts = { readonly rows: number; readonly batchRows: number };

function newOutput(tensor: ort.Tensor, fetch: { name: string; widthMax: number }, counts: Counts): GrowingOutput {
  const width = tensor.size / counts.batchRows;
  if (!Number.isInteger(width) || width > fetch.widthMax) {
    throw new OutputFault(
      `The output ${fetch.name} has the shape [${tensor.dims.join(',')}] for ${counts.batchRows} rows; at most ${fetch.widthMax} values a row are expected.`,
    );
  }
  const data = allocate(tensor.type, counts.rows * width);
  if (!data) throw new OutputFault(`The output ${fetch.name} is of type ${tensor.type}, which is not read.`);
  return { elementType: tensor.type, rank: tensor.dims.length, width, data };
}

function allocate(type: string, values: number): GrowingOutput['data'] | undefined {
  if (type === 'float32') return new Float32Array(values);
  if (type === 'float64') return new Float64Array(values);
  if (type === 'int64') return new BigInt64Array(values);
  if (type === 'int32') return new Int32Array(values);
  return type === 'string' ? new TextCollector(values) : undefined;
}

function place(output: GrowingOutput, tensor: ort.Tensor, part: { start: number; rows: number; name: string }): void {
  const fits =
    tensor.type === output.elementType &&
    tensor.dims.length === output.rank &&
    tensor.dims[0] === part.rows &&
    tensor.size === part.rows * output.width;
  if (!fits) {
    throw new OutputFault(
      `The output ${part.name} has the shape [${tensor.dims.join(',')}] for ${part.rows} rows; the first dimension must be the rows.`,
    );
  }
  if (output.data instanceof TextCollector) {
    const characters = output.data.add(tensor.data as string[]);
    if (characters > textCharactersMax) throw new OutputFault(`The output ${part.name} has too much text.`);
  } else {
    const target = output.data as { set(values: unknown, offset: number): void };
    target.set(tensor.data, part.start * output.width);
  }
}
