import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { EncodedRows, TextRows } from '../rows/encode-rows.ts';
import { completionCounts } from '../rows/token-rows.ts';
import {
  bertConfig,
  codeOf,
  type Files,
  mergedCheckpoint,
  someChats,
  tinyAdapter,
  tinyBert,
  tinyClassifier,
  tinyLlama,
  onDisk as writeFiles,
} from '../testing/index.ts';
import { LanguageScorer, type ScorerLimits } from './language-scorer.ts';
import type { ModelFile } from './link-files.ts';

const limits: ScorerLimits = { memoryMib: 1_024, threads: 1, loadMs: 30_000, tokensPerSecondMin: 10 };
let root: string;
let scorer: LanguageScorer;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'agon-scorer-'));
});
afterEach(() => scorer.close());
afterAll(() => rm(root, { recursive: true, force: true }));

const onDisk = (files: Files): Promise<ModelFile[]> => writeFiles(root, files);

let opened = 0;
async function open(files: Files, options: { limits?: Partial<ScorerLimits>; batchTokens?: number } = {}) {
  const { batchTokens } = options;
  opened += 1;
  scorer = await LanguageScorer.open({
    folder: join(root, `scorer-${opened}`),
    files: await onDisk(files),
    limits: { ...limits, ...options.limits },
    ...(batchTokens === undefined ? {} : { batchTokens }),
  });
}

const encodedChats = () => scorer.encode('chats', async () => ({ kind: 'chat', rows: someChats }), 200);

const mean = (nats: Float64Array, rows: EncodedRows): number =>
  nats.reduce((sum, value) => sum + value, 0) / completionCounts(rows.tokens).reduce((sum, value) => sum + value, 0);

function expectClose(left: Float64Array | undefined, right: Float64Array | undefined, tolerance = 1e-4): void {
  expect(left?.length).toBe(right?.length);
  const worst = Math.max(...Array.from(left ?? [], (value, row) => Math.abs(value - (right?.[row] ?? Number.NaN))));
  expect(worst).toBeLessThan(tolerance);
}

describe('a language model', () => {
  test('gives nats per row that do not depend on how rows are batched', async () => {
    await open(tinyLlama(), { batchTokens: 1 });
    const alone = (await scorer.scoreBase([await encodedChats()]))[0];
    await scorer.close();
    await open(tinyLlama(), { batchTokens: 700 });
    const rows = await encodedChats();
    const [together] = await scorer.scoreBase([rows]);
    expectClose(alone, together);
    expect(rows.kept).toHaveLength(someChats.length);
    // Random weights know nothing of 261 tokens.
    expect(mean(together as Float64Array, rows)).toBeGreaterThan(4);
    expect(scorer.runtime).toMatch(/^1\./);
  });

  test('with an adapter is the checkpoint that the adapter comes to', async () => {
    await open(tinyLlama(3));
    const rows = await encodedChats();
    for (const options of [{ seed: 5 }, { seed: 6, rank: 1, targets: ['q_proj', 'down_proj'] }]) {
      const [adapted] = await scorer.scoreAdapter(await onDisk(tinyAdapter(options)), [rows], { rankMax: 8 });
      const [merged] = await scorer.scoreCheckpoint(await onDisk(mergedCheckpoint(3, options)), [rows]);
      const [base] = await scorer.scoreBase([rows]);
      expectClose(adapted, merged, 1e-3);
      expect(Math.abs(mean(adapted as Float64Array, rows) - mean(base as Float64Array, rows))).toBeGreaterThan(1e-3);
    }
  });

  test('scores several parts and many adapters in one process, whatever came before', async () => {
    await open(tinyLlama());
    const rows = await encodedChats();
    const few = await scorer.encode('few', async () => ({ kind: 'chat', rows: someChats.slice(0, 3) }), 200);
    const [before] = await scorer.scoreAdapter(await onDisk(tinyAdapter({ seed: 1 })), [rows], { rankMax: 8 });
    for (const seed of [2, 3, 4]) {
      await scorer.scoreAdapter(await onDisk(tinyAdapter({ seed, rank: seed })), [few], { rankMax: 8 });
    }
    const again = await scorer.scoreAdapter(await onDisk(tinyAdapter({ seed: 1 })), [few, rows], { rankMax: 8 });
    expect(again[1]).toEqual(before);
    expectClose(again[0], before?.slice(0, 3));
  });

  test('is scored once for each part and tokenised once', async () => {
    await open(tinyLlama());
    let reads = 0;
    const read = async (): Promise<TextRows> => {
      reads += 1;
      return { kind: 'chat', rows: someChats };
    };
    const [first] = await scorer.scoreBase([await scorer.encode('a', read, 100)]);
    const [again] = await scorer.scoreBase([await scorer.encode('a', read, 100)]);
    expect(again).toBe(first);
    expect(reads).toBe(1);
    await scorer.encode('a', read, 90);
    expect(reads).toBe(2);
  });

  test('leaves its files as they are, and its folder empty', async () => {
    const files = await onDisk(tinyLlama());
    const adapter = await onDisk(tinyAdapter());
    const digest = async () =>
      Promise.all(
        [...files, ...adapter].map(async ({ localPath }) =>
          createHash('sha256')
            .update(await readFile(localPath))
            .digest('hex'),
        ),
      );
    const before = await digest();
    const folder = join(root, 'own');
    scorer = await LanguageScorer.open({ folder, files, limits });
    await scorer.scoreAdapter(adapter, [await encodedChats()], { rankMax: 8 });
    expect((await readdir(folder)).filter((name) => name.startsWith('submission'))).toEqual([]);
    await scorer.close();
    expect(await digest()).toEqual(before);
    expect(await readdir(root)).not.toContain('own');
  });
});

describe('what is the service’s fault is no verdict', () => {
  test('a base model without weights', async () => {
    const { 'model.safetensors': _, ...rest } = tinyLlama();
    await open(rest);
    const rows = await encodedChats();
    const said = await codeOf(scorer.scoreAdapter(await onDisk(tinyAdapter()), [rows], { rankMax: 8 }));
    expect(said.code).toBe('Error');
  });

  test('a base model that needs more memory than there is', async () => {
    await open(tinyLlama(), { limits: { memoryMib: 40 } });
    const said = await codeOf(encodedChats());
    expect(said).toMatchObject({ code: 'Error', message: expect.stringContaining('40 MiB') });
  });

  test('a process that is killed from outside; the next call has another', async () => {
    await open(tinyLlama());
    const rows = await encodedChats();
    const adapter = await onDisk(tinyAdapter());
    const [before] = await scorer.scoreAdapter(adapter, [rows], { rankMax: 8 });
    process.kill(scorer.pid ?? 0, 'SIGKILL');
    await expect.poll(() => scorer.pid).toBeUndefined();
    expect((await scorer.scoreAdapter(adapter, [rows], { rankMax: 8 }))[0]).toEqual(before);
  });

  test('a chat template that is no template', async () => {
    await open(tinyLlama(1, '{% for %}'));
    expect((await codeOf(encodedChats())).code).toBe('Error');
  });
});

describe('a classifier', () => {
  const texts = Array.from({ length: 9 }, (_, row) => ({ text: 'word '.repeat(row * 3) }));
  const encoded = (tokensMax = 500) => scorer.encode('texts', async () => ({ kind: 'text', rows: texts }), tokensMax);

  test('answers in the order of the classes of the job, whatever its own is', async () => {
    await open(tinyBert());
    const rows = await encoded();
    const [abc] = await scorer.classify(await onDisk(tinyClassifier(1, ['a', 'b', 'c'])), [rows], ['a', 'b', 'c']);
    const [cab] = await scorer.classify(await onDisk(tinyClassifier(1, ['c', 'a', 'b'])), [rows], ['a', 'b', 'c']);
    expect(abc).toHaveLength(27);
    expectClose(Float64Array.from(abc ?? []), Float64Array.from(cab ?? []));
    expect(new Set(abc).size).toBeGreaterThan(10);
  });

  test('reads no more tokens than it has positions', async () => {
    await open(tinyBert());
    const rows = await encoded();
    expect(Math.max(...rows.tokens.offsets.slice(1).map((end, row) => end - (rows.tokens.offsets[row] ?? 0)))).toBe(
      bertConfig.max_position_embeddings,
    );
    expect(rows.cutRows).toBeGreaterThan(0);
  });

  test('is rejected where its labels are not those of the job', async () => {
    await open(tinyBert());
    const rows = await encoded();
    for (const labels of [
      ['a', 'b', 'd'],
      ['a', 'b'],
      ['LABEL_0', 'LABEL_1', 'LABEL_2'],
      ['a', 'b', 'c', 'd'],
    ]) {
      const files = await onDisk(tinyClassifier(1, labels));
      const said = await codeOf(scorer.classify(files, [rows], ['a', 'b', 'c']));
      expect([labels, said.code]).toEqual([labels, 'outputs_wrong']);
    }
  });

  test('is rejected where it was made from another base', async () => {
    await open(tinyBert());
    const rows = await encoded();
    const files = tinyClassifier(1, ['a', 'b']);
    const config = { ...JSON.parse(String(files['config.json'])), num_attention_heads: 4 };
    const other = await onDisk({ ...files, 'config.json': JSON.stringify(config) });
    expect((await codeOf(scorer.classify(other, [rows], ['a', 'b']))).code).toBe('checkpoint_does_not_fit');
  });
});
