import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChatRow } from '@agon/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { EncodedRows, TextRows } from '../rows/encode-rows.ts';
import { completionCounts } from '../rows/token-rows.ts';
import {
  bertConfig,
  type Files,
  llamaConfig,
  mergedCheckpoint,
  noise,
  safetensorsOf,
  tinyAdapter,
  tinyBert,
  tinyClassifier,
  tinyLlama,
  tinyWeights,
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

const chats: ChatRow[] = Array.from({ length: 12 }, (_, row) => ({
  messages: [
    { role: 'user', content: `How much is ${row}?` },
    { role: 'assistant', content: `It is ${'more and '.repeat(row % 5)}${row}.` },
    ...(row % 3 === 0
      ? ([
          { role: 'user', content: 'Really?' },
          { role: 'assistant', content: 'Yes.' },
        ] as const)
      : []),
  ],
}));
const encodedChats = () => scorer.encode('chats', async () => ({ kind: 'chat', rows: chats }), 200);

const mean = (nats: Float64Array, rows: EncodedRows): number =>
  nats.reduce((sum, value) => sum + value, 0) / completionCounts(rows.tokens).reduce((sum, value) => sum + value, 0);

function expectClose(left: Float64Array | undefined, right: Float64Array | undefined, tolerance = 1e-4): void {
  expect(left?.length).toBe(right?.length);
  const worst = Math.max(...Array.from(left ?? [], (value, row) => Math.abs(value - (right?.[row] ?? Number.NaN))));
  expect(worst).toBeLessThan(tolerance);
}

const reject = async (work: Promise<unknown>): Promise<{ code: string; message: string }> => {
  const error = await work.then(
    () => new Error('was accepted'),
    (reason: Error) => reason,
  );
  const { code } = error as { code?: string };
  return { code: code ?? error.name, message: error.message };
};

describe('a language model', () => {
  test('gives nats per row that do not depend on how rows are batched', async () => {
    await open(tinyLlama(), { batchTokens: 1 });
    const alone = (await scorer.scoreBase([await encodedChats()]))[0];
    await scorer.close();
    await open(tinyLlama(), { batchTokens: 700 });
    const rows = await encodedChats();
    const [together] = await scorer.scoreBase([rows]);
    expectClose(alone, together);
    expect(rows.kept).toHaveLength(chats.length);
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
    const few = await scorer.encode('few', async () => ({ kind: 'chat', rows: chats.slice(0, 3) }), 200);
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
      return { kind: 'chat', rows: chats };
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

describe('an adapter is rejected', () => {
  const noAdapter = tinyAdapter();
  const layer = 'base_model.model.model.layers.0.self_attn.q_proj';
  const pair = (inputs: number, value: number, rank = 4) =>
    safetensorsOf({
      [`${layer}.lora_A.weight`]: { shape: [rank, inputs], values: noise(1, rank * inputs, 1) },
      [`${layer}.lora_B.weight`]: { shape: [32, rank], values: new Float32Array(32 * rank).fill(value) },
    });
  const cases: readonly [string, Files, string][] = [
    ['that is for another base', { ...noAdapter, 'adapter_model.safetensors': pair(64, 1) }, 'adapter_does_not_fit'],
    ['whose rank is above the limit', tinyAdapter({ rank: 9 }), 'adapter_invalid'],
    ['that is all zeros', tinyAdapter({ size: 0 }), 'adapter_without_effect'],
    ['with NaN', { ...noAdapter, 'adapter_model.safetensors': pair(32, Number.NaN) }, 'weights_not_finite'],
    ['with a norm of 1e30', { ...noAdapter, 'adapter_model.safetensors': pair(32, 1e30) }, 'weights_absurd'],
    ['that trains tokens too', tinyAdapter({}, { modules_to_save: ['lm_head'] }), 'adapter_invalid'],
    ['that is no JSON', { ...noAdapter, 'adapter_config.json': '{' }, 'adapter_invalid'],
    [
      'that is a pickle',
      { ...noAdapter, 'adapter_model.safetensors': Buffer.from([0x80, 2, 0x7d, 0x71, 0, 0x2e, 0, 0, 0]) },
      'safetensors_invalid',
    ],
    ['that is empty', { ...noAdapter, 'adapter_model.safetensors': '' }, 'safetensors_invalid'],
    ['without its weights', { 'adapter_config.json': noAdapter['adapter_config.json'] ?? '' }, 'file_missing'],
  ];

  test('by name, and the next one is scored by the same process', async () => {
    await open(tinyLlama());
    const rows = await encodedChats();
    const [before] = await scorer.scoreAdapter(await onDisk(noAdapter), [rows], { rankMax: 8 });
    for (const [what, files, code] of cases) {
      const { code: said, message } = await reject(scorer.scoreAdapter(await onDisk(files), [rows], { rankMax: 8 }));
      expect([what, said]).toEqual([what, code]);
      expect(message).not.toContain(root);
    }
    expect((await scorer.scoreAdapter(await onDisk(noAdapter), [rows], { rankMax: 8 }))[0]).toEqual(before);
  });
});

test('an adapter that takes too much memory is rejected, and the base is loaded anew for the next', async () => {
  const rows = Array.from({ length: 400 }, () => chats[4] as ChatRow);
  const many = () => scorer.encode('many', async () => ({ kind: 'chat', rows }), 200);
  await open(tinyLlama());
  await scorer.scoreBase([await encodedChats()]);
  const loadedMib = (await scorer.memoryMib()) ?? 0;
  await scorer.close();
  await open(tinyLlama(), { limits: { memoryMib: loadedMib + 60 }, batchTokens: 1_000_000 });
  const adapter = await onDisk(tinyAdapter());
  const said = await reject(scorer.scoreAdapter(adapter, [await many()], { rankMax: 8 }));
  expect(said.code).toBe('inference_out_of_memory');
  const few = await encodedChats();
  expect((await scorer.scoreAdapter(adapter, [few], { rankMax: 8 }))[0]).toHaveLength(chats.length);
});

describe('a checkpoint is rejected', () => {
  const weights = tinyWeights(llamaConfig, 1);
  const withConfig = (changes: object, tensors = weights): Files => ({
    'config.json': JSON.stringify({ ...llamaConfig, ...changes }),
    'model.safetensors': safetensorsOf(tensors),
  });
  const name = 'model.layers.0.mlp.up_proj.weight';
  const changed = (value: number) => {
    const tensor = weights[name] as (typeof weights)[string];
    return { ...weights, [name]: { shape: tensor.shape, values: tensor.values.map(() => value) } };
  };
  const cases: readonly [string, Files, string][] = [
    ['that is the base', withConfig({}), 'weights_unchanged'],
    ['of another width', withConfig({ hidden_size: 64 }), 'checkpoint_does_not_fit'],
    ['of another architecture', withConfig({ architectures: ['MistralForCausalLM'] }), 'checkpoint_does_not_fit'],
    ['of an unknown architecture', withConfig({ architectures: ['Secret'] }), 'checkpoint_does_not_fit'],
    ['with NaN', withConfig({}, changed(Number.NaN)), 'weights_not_finite'],
    [
      'with a tensor more',
      withConfig({}, { ...changed(0.1), extra: { shape: [1], values: new Float32Array(1) } }),
      'checkpoint_does_not_fit',
    ],
    ['without a weight file', { 'config.json': JSON.stringify(llamaConfig) }, 'file_missing'],
  ];

  test('by name', async () => {
    await open(tinyLlama(1));
    const rows = await encodedChats();
    for (const [what, files, code] of cases) {
      const said = await reject(scorer.scoreCheckpoint(await onDisk(files), [rows]));
      expect([what, said.code]).toEqual([what, code]);
    }
  });
});

describe('what is the service’s fault is no verdict', () => {
  test('a base model without weights', async () => {
    const { 'model.safetensors': _, ...rest } = tinyLlama();
    await open(rest);
    const rows = await encodedChats();
    const said = await reject(scorer.scoreAdapter(await onDisk(tinyAdapter()), [rows], { rankMax: 8 }));
    expect(said.code).toBe('Error');
  });

  test('a base model that needs more memory than there is', async () => {
    await open(tinyLlama(), { limits: { memoryMib: 40 } });
    const said = await reject(encodedChats());
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
    expect((await reject(encodedChats())).code).toBe('Error');
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
      const said = await reject(scorer.classify(files, [rows], ['a', 'b', 'c']));
      expect([labels, said.code]).toEqual([labels, 'outputs_wrong']);
    }
  });

  test('is rejected where it was made from another base', async () => {
    await open(tinyBert());
    const rows = await encoded();
    const files = tinyClassifier(1, ['a', 'b']);
    const config = { ...JSON.parse(String(files['config.json'])), num_attention_heads: 4 };
    const other = await onDisk({ ...files, 'config.json': JSON.stringify(config) });
    expect((await reject(scorer.classify(other, [rows], ['a', 'b']))).code).toBe('checkpoint_does_not_fit');
  });
});
