import { writeFile } from 'node:fs/promises';
import ort from 'onnxruntime-node';
import type { Matrix } from '../adapter/lora-inputs.ts';

export type Feed =
  | Matrix
  | { readonly ints: readonly number[]; readonly dims: readonly number[]; readonly type?: 'int32' };

/** Writes a graph to `path`, runs it once and gives its outputs. */
export async function runGraph(
  path: string,
  graph: Uint8Array,
  feeds: Readonly<Record<string, Feed>>,
): Promise<Record<string, Matrix>> {
  await writeFile(path, graph);
  const session = await ort.InferenceSession.create(path, { executionProviders: ['cpu'], logSeverityLevel: 4 });
  try {
    const tensors = Object.entries(feeds).map(([name, feed]) => [name, tensorOf(feed)] as const);
    const outputs = await session.run(Object.fromEntries(tensors));
    return Object.fromEntries(
      Object.entries(outputs).map(([name, { data, dims }]) => [name, { data: data as Float32Array, dims }]),
    );
  } finally {
    await session.release();
  }
}

function tensorOf(feed: Feed): ort.Tensor {
  if ('data' in feed) return new ort.Tensor('float32', feed.data, feed.dims);
  return feed.type === 'int32'
    ? new ort.Tensor('int32', Int32Array.from(feed.ints), feed.dims)
    : new ort.Tensor('int64', BigInt64Array.from(feed.ints, BigInt), feed.dims);
}
