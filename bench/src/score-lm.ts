import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { completionCounts, type EncodedRows, LanguageScorer, type ModelFile } from '@agon/language';
import { linearModules, type ModelConfig, readConfig } from '@agon/model-graph';
import { longChats } from './long-chats.ts';
import { type AskPython, cpuSecondsOf, languageModelFolder, pythonAsker } from './python.ts';
import { type Bench, type BenchResult, resultOf } from './result.ts';

const threads = 2;
const rounds = Number(process.env.AGON_BENCH_ROUNDS ?? 3);
const rows = Number(process.env.AGON_BENCH_ROWS ?? 48);
const adapters = 8;
const adapterRows = 12;
const rank = 16;
const tokensMax = 512;
const limits = { memoryMib: 8_192, threads, loadMs: 300_000, tokensPerSecondMin: 1 };

type Figures = {
  tokens_per_second: number;
  seconds: number;
  cpu_seconds: number;
  memory_mib: number;
  batch_tokens: number;
  operations_per_second: number;
  nats: number;
  nats_by_adapter: number[];
};

/** Tokens/s of the evaluator's scorer beside transformers and torch, and eight adapters beside peft. */
export const scoreLm: Bench = async (say) => {
  const folder = await mkdtemp(join(tmpdir(), 'agon-bench-'));
  const shared = { threads, rounds, rank };
  const ask = pythonAsker<Figures>('score_lm.py', folder, shared);
  try {
    const model = await languageModelFolder(folder, shared);
    say(`model: ${model}`);
    const work = { folder, model, ask, say };
    return [...(await speed(work)), await manyAdapters(work)];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

type Work = {
  readonly folder: string;
  readonly model: string;
  readonly ask: AskPython<Figures>;
  readonly say: (text: string) => void;
};

async function speed({ folder, model, ask, say }: Work): Promise<BenchResult[]> {
  const scorer = await openScorer(folder, model);
  try {
    const chats = await longChats(rows, { min: 128, max: tokensMax });
    let seconds = Number.POSITIVE_INFINITY;
    let cpuSeconds = Number.NaN;
    let nats = 0;
    const encoded = (key: string) => scorer.encode(key, async () => ({ kind: 'chat', rows: chats }), tokensMax);
    const measure = async (key: string): Promise<EncodedRows> => {
      const set = await encoded(key);
      const startedMs = performance.now();
      const before = await cpuSecondsOf(scorer.pid);
      nats = sumOf((await scorer.scoreBase([set]))[0] ?? []);
      const took = (performance.now() - startedMs) / 1000;
      if (took < seconds) cpuSeconds = (await cpuSecondsOf(scorer.pid)) - before;
      seconds = Math.min(seconds, took);
      return set;
    };
    const few = await scorer.encode('few', async () => ({ kind: 'chat', rows: chats.slice(0, 2) }), tokensMax);
    await scorer.scoreBase([few]);
    say('ours …');
    const set = await measure('first');
    const memoryMib = (await scorer.memoryMib()) ?? Number.NaN;
    say('transformers and torch …');
    const theirs = await ask('score', { model, rows: rowsOf(set) });
    for (let round = 1; round < rounds; round += 1) await measure(`round ${round}`);
    const product = await ask('matmul', {});
    return figuresOf(
      { set, shape: await readConfig(model) },
      { seconds, cpuSeconds, nats, memoryMib },
      theirs,
      product,
    );
  } finally {
    await scorer.close();
  }
}

function figuresOf(
  { set, shape }: { set: EncodedRows; shape: ModelConfig },
  ours: { seconds: number; cpuSeconds: number; nats: number; memoryMib: number },
  theirs: Figures,
  product: Figures,
): BenchResult[] {
  const tokens = set.tokens.ids.length;
  const completion = sumOf(completionCounts(set.tokens));
  const operations = operationsOf(shape, { tokens, completion }) / ours.seconds / 1e9;
  const details = {
    rows,
    tokens,
    completion_tokens: completion,
    threads,
    /** Where others use the machine too, this says more than the clock. */
    ratio_by_cpu_time: Number((theirs.cpu_seconds / ours.cpuSeconds).toPrecision(4)),
    their_batch_tokens: theirs.batch_tokens,
    loss_difference: Number(Math.abs(ours.nats / completion - theirs.nats / completion).toPrecision(2)),
  };
  const memory = { bench: 'score-lm memory', unit: 'MiB', aim: 'ratio <= 1' };
  const matmul = { bench: 'score-lm against one large product', unit: 'GFLOP/s', aim: 'ratio >= 0.85' };
  return [
    resultOf(
      { bench: 'score-lm', unit: 'tokens/s', aim: 'ratio >= 1.5' },
      { ours: tokens / ours.seconds, yardstick: theirs.tokens_per_second, details },
      ({ ratio }) => ratio >= 1.5,
    ),
    resultOf(
      matmul,
      { ours: operations, yardstick: product.operations_per_second / 1e9 },
      ({ ratio }) => ratio >= 0.85,
    ),
    resultOf(memory, { ours: ours.memoryMib, yardstick: theirs.memory_mib }, ({ ratio }) => ratio <= 1),
  ];
}

/** Multiplications and additions of the linear layers; only completion tokens meet the vocabulary. */
function operationsOf(shape: ModelConfig, { tokens, completion }: { tokens: number; completion: number }): number {
  const weights = linearModules(shape).reduce((sum, module) => sum + module.inputs * module.outputs, 0);
  return 2 * (tokens * weights + completion * shape.vocabulary * shape.hidden);
}

/** Base and adapters from disk to the last score, on both sides. */
async function manyAdapters({ folder, model, ask, say }: Work): Promise<BenchResult> {
  const folders = Array.from({ length: adapters }, (_, index) => join(folder, `adapter-${index}`));
  say(`${adapters} adapters …`);
  await ask('adapters', { model, adapters: folders });
  const scorer = await openScorer(folder, model);
  try {
    const chats = await longChats(adapterRows, { min: 128, max: tokensMax });
    const set = await scorer.encode('chats', async () => ({ kind: 'chat', rows: chats }), tokensMax);
    const startedMs = performance.now();
    const nats: number[] = [];
    for (const adapter of folders) {
      const [perRow] = await scorer.scoreAdapter(await filesOf(adapter), [set], { rankMax: 64 });
      nats.push(sumOf(perRow ?? []));
    }
    const ours = (performance.now() - startedMs) / 1000;
    const memoryMib = Math.round((await scorer.memoryMib()) ?? Number.NaN);
    const spec = { model, adapters: folders, rows: rowsOf(set), batch_tokens: 2_048 };
    const theirs = await ask('reload', spec);
    const completion = sumOf(completionCounts(set.tokens));
    const differences = theirs.nats_by_adapter.map(
      (sum, index) => Math.abs(sum - (nats[index] ?? Number.NaN)) / completion,
    );
    const details = {
      adapters,
      rank,
      tokens: set.tokens.ids.length,
      mib: memoryMib,
      their_mib: Math.round(theirs.memory_mib),
      loss_difference: Number(Math.max(...differences).toPrecision(2)),
    };
    return resultOf(
      { bench: `score-lm ${adapters} adapters`, unit: 's', aim: 'ratio <= 0.5' },
      { ours, yardstick: theirs.seconds, details },
      ({ ratio }) => ratio <= 0.5,
    );
  } finally {
    await scorer.close();
  }
}

async function openScorer(folder: string, model: string): Promise<LanguageScorer> {
  return LanguageScorer.open({ folder: join(folder, 'scorer'), files: await filesOf(model), limits });
}

const sumOf = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, value) => sum + value, 0);

const filesOf = async (folder: string): Promise<ModelFile[]> =>
  (await readdir(folder)).map((path) => ({ path, localPath: join(folder, path) }));

function rowsOf({ tokens }: EncodedRows): { ids: number[]; completion: number[] }[] {
  return Array.from({ length: tokens.offsets.length - 1 }, (_, row) => ({
    ids: [...tokens.ids.subarray(tokens.offsets[row], tokens.offsets[row + 1])],
    completion: [...tokens.completion.subarray(tokens.completionOffsets[row], tokens.completionOffsets[row + 1])],
  }));
}
