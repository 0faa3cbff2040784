import { writeFile } from 'node:fs/promises';
import ort from 'onnxruntime-node';
import type { Matrix } from '../adapter/lora-inputs.ts';

export type Feed =
  | Matrix
  | { readonly ints: readonly number[]; readonly dims: readonly number[]; readonly type?: 'int32' };

export type OpenGraph = {
  run(feeds: Readonly<Record<string, Feed>>): Promise<Record<string, Matrix>>;
  close(): Promise<void>;
};

/** Writes a graph to `path` and loads it. */
export async function openGraph(path: string, graph: Uint8Array): Promise<OpenGraph> {
  await writeFile(path, graph);
  const session = await ort.InferenceSession.create(path, { executionProviders: ['cpu'], logSeverityLevel: 4 });
  return {
    run: async (feeds) => {
      const tensors = Object.entries(feeds).map(([name, feed]) => [name, tensorOf(feed)] as const);
      const outputs = await session.run(Object.fromEntries(tensors));
      return Object.fromEntries(
        Object.entries(outputs).map(([name, { data, dims }]) => [name, { data: data as Float32Array, dims }]),
      );
    },
    close: () => session.release(),
  };
}

/** Writes a graph to `path`, runs it once and gives its outputs. */
export async function runGraph(
  path: string,
  graph: Uint8Array,
  feeds: Readonly<Record<string, Feed>>,
): Promise<Record<string, Matrix>> {
  const open = await openGraph(path, graph);
  try {
    return await open.run(feeds);
  } finally {
    await open.close();
  }
}

function tensorOf(feed: Feed): ort.Tensor {
  if ('data' in feed) return new ort.Tensor('float32', feed.data, feed.dims);
  return feed.type === 'int32'
    ? new ort.Tensor('int32', Int32Array.from(feed.ints), feed.dims)
    : new ort.Tensor('int64', BigInt64Array.from(feed.ints, BigInt), feed.dims);
}
