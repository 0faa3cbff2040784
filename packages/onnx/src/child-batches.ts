import ort from 'onnxruntime-node';
import type { Feeds, OnnxOutput, OutputData, ToChild } from './protocol.ts';

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
  const outputs: Record<string, OnnxOutput> = {};
  const names = message.fetches.map((fetch) => fetch.name);
  for (let start = 0; start < message.rows; start += message.batchRows) {
    const end = Math.min(start + message.batchRows, message.rows);
    const results = await session.run(tensorsOf(message.feeds, start, end), names);
    for (const fetch of message.fetches) {
      const tensor = results[fetch.name];
      if (!tensor) throw new OutputFault(`The output ${fetch.name} was not computed.`);
      outputs[fetch.name] ??= newOutput(tensor, fetch, { rows: message.rows, batchRows: end - start });
      place(outputs[fetch.name] as OnnxOutput, tensor, { start, rows: end - start, name: fetch.name });
      tensor.dispose();
    }
  }
  return outputs;
}

function tensorsOf(feeds: Feeds, start: number, end: number): Record<string, ort.Tensor> {
  const tensors: Record<string, ort.Tensor> = {};
  const shape = [end - start, 1];
  for (const [name, column] of Object.entries(feeds)) {
    tensors[name] =
      column instanceof Float32Array
        ? new ort.Tensor('float32', column.subarray(start, end), shape)
        : new ort.Tensor('string', column.slice(start, end), shape);
  }
  return tensors;
}

type Counts = { readonly rows: number; readonly batchRows: number };

function newOutput(tensor: ort.Tensor, fetch: { name: string; widthMax: number }, counts: Counts): OnnxOutput {
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

function allocate(type: string, values: number): OutputData | undefined {
  if (type === 'float32') return new Float32Array(values);
  if (type === 'float64') return new Float64Array(values);
  if (type === 'int64') return new BigInt64Array(values);
  if (type === 'int32') return new Int32Array(values);
  return type === 'string' ? [] : undefined;
}

function place(output: OnnxOutput, tensor: ort.Tensor, part: { start: number; rows: number; name: string }): void {
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
  if (Array.isArray(output.data)) appendText(output.data, tensor.data as string[], part.name);
  else (output.data as { set(values: unknown, offset: number): void }).set(tensor.data, part.start * output.width);
}

function appendText(target: string[], values: readonly string[], name: string): void {
  let characters = 0;
  for (const value of values) {
    characters += value.length;
    target.push(value);
  }
  if (characters > textCharactersMax) throw new OutputFault(`The output ${name} has too much text.`);
}
