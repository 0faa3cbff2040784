import type ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { Lane } from './lane.ts';
import { Row, type RowEnd } from './row.ts';
import { TextStream } from './text-stream.ts';

const vocabulary = 64;
const shape = { tensors: 2, heads: 1, headSize: 2 };
const always = () => true;

/** What a step was fed: rows by tokens, how many tokens each row has by then, and where its new ones stand. */
type Step = { readonly tokens: number[][]; readonly lengths: number[]; readonly positions: number[] };

/** A model that says the token after the last one, and writes down what it is fed. */
function countingModel() {
  const steps: Step[] = [];
  const run = async (feeds: Record<string, ort.Tensor>) => {
    const [rows = 0, each = 0] = feeds.input_ids?.dims ?? [];
    const split = (name: string): number[][] => {
      const values = [...((feeds[name]?.data ?? []) as BigInt64Array)].map(Number);
      const width = values.length / rows;
      return Array.from({ length: rows }, (_, row) => values.slice(row * width, (row + 1) * width));
    };
    const tokens = split('input_ids');
    const lengths = split('attention_mask').map((mask) => mask.filter((one) => one === 1).length);
    steps.push({ tokens, lengths, positions: split('position_ids').map(([first = 0]) => first) });
    const logits = new Float32Array(rows * vocabulary);
    for (const [row, ids] of tokens.entries()) logits[row * vocabulary + (ids.at(-1) ?? 0) + 1] = 1;
    const added = { data: new Float32Array(rows * each * shape.heads * shape.headSize) };
    return { logits: { data: logits }, 'new.0.key': added, 'new.0.value': added };
  };
  return { steps, session: { run } as unknown as ort.InferenceSession };
}

function open(options: { rowsMax?: number; promptStepTokens?: number } = {}) {
  const { steps, session } = countingModel();
  const { rowsMax = 4, promptStepTokens = 4 } = options;
  return { steps, lane: new Lane({ session, shape, vocabulary, extra: {}, rowsMax, promptStepTokens }) };
}

function rowOf(prompt: number[], newTokensMax: number) {
  const heard: { said: number[]; end: RowEnd | undefined; error: Error | undefined } = {
    ...{ said: [], end: undefined, error: undefined },
  };
  const row = new Row({
    ...{ prompt, newTokensMax, endTokens: new Set<number>(), random: () => 0 },
    sampling: { temperature: 0, topP: 1, frequencyPenalty: 0, presencePenalty: 0, topLogprobs: null },
    stream: new TextStream((ids) => ids.map((id) => `${id} `).join(''), []),
    events: {
      onToken: ({ token }) => heard.said.push(token),
      onEnd: (end) => {
        heard.end = end;
      },
      onFailure: (error) => {
        heard.error = error;
      },
    },
  });
  return { row, heard };
}

test('between two steps no more of the prompts is read than one step may, of several short ones or a long one', async () => {
  const { steps, lane } = open({ promptStepTokens: 4 });
  const all = [rowOf([1, 2], 9), rowOf([11, 12], 9), rowOf([21, 22, 23, 24, 25, 26], 9)];
  for (const { row } of all) lane.add(row);
  await lane.readPrompts(always);
  expect(steps.map(({ tokens }) => tokens)).toEqual([[[1, 2]], [[11, 12]]]);
  await lane.step();
  await lane.readPrompts(always);
  expect(steps.at(-1)?.tokens).toEqual([[21, 22, 23, 24]]);
  await lane.step();
  await lane.readPrompts(always);
  expect(steps.at(-1)).toEqual({ tokens: [[25, 26]], lengths: [6], positions: [4] });
  await lane.step();
  expect(steps.at(-1)).toEqual({ tokens: [[5], [15], [27]], lengths: [5, 5, 7], positions: [4, 4, 6] });
});

test('a row that ends makes room for one that waits, and the others go on as if alone', async () => {
  const { lane } = open({ rowsMax: 2, promptStepTokens: 64 });
  const [short, long, next] = [rowOf([1], 2), rowOf([11], 5), rowOf([31], 3)];
  for (const { row } of [short, long, next]) lane.add(row);
  for (let turn = 0; turn < 6; turn += 1) {
    await lane.readPrompts(always);
    await lane.step();
  }
  expect(short.heard.said).toEqual([2, 3]);
  expect(long.heard.said).toEqual([12, 13, 14, 15, 16]);
  expect(next.heard.said).toEqual([32, 33, 34]);
  expect(next.heard.end).toMatchObject({ reason: 'length', completionTokens: 3 });
  expect(lane.rows).toEqual([]);
});

test('a cancelled row is fed no more, wherever it is', async () => {
  const { steps, lane } = open({ rowsMax: 2, promptStepTokens: 2 });
  const [answering, reading, waiting] = [rowOf([1, 2], 9), rowOf([11, 12, 13], 9), rowOf([21], 9)];
  for (const { row } of [answering, reading, waiting]) lane.add(row);
  await lane.readPrompts(always);
  await lane.step();
  await lane.readPrompts(always);
  for (const { row } of [answering, reading, waiting]) row.cancelled = true;
  const before = steps.length;
  await lane.readPrompts(always);
  await lane.step();
  expect(steps).toHaveLength(before);
  expect(lane.rows).toEqual([]);
});

test('a row waits where the cache has no room for it, and the ones behind it with it', async () => {
  const { steps, lane } = open();
  const [large, small] = [rowOf([1], 60), rowOf([11], 2)];
  lane.add(large.row);
  lane.add(small.row);
  await lane.readPrompts((row) => row.request.newTokensMax < 10);
  expect(steps).toEqual([]);
  await lane.readPrompts(always);
  expect(steps).toHaveLength(2);
});

test('a failure ends every row but those that nobody waits for', async () => {
  const { lane } = open();
  const [one, two, gone] = [rowOf([1], 9), rowOf([2], 9), rowOf([3], 9)];
  lane.add(one.row);
  await lane.readPrompts(always);
  lane.add(two.row);
  lane.add(gone.row);
  gone.row.cancelled = true;
  lane.fail(new Error('out of memory'));
  expect([one, two, gone].map(({ heard }) => heard.error?.message)).toEqual([
    ...['out of memory', 'out of memory', undefined],
  ]);
  expect(lane.rows).toEqual([]);
});
