import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LanguageScorer, type ModelFile } from '@agon/language';
import { type Files, tinyAdapter, tinyLlama } from '@agon/language/testing';
import { longChats } from './long-chats.ts';
import { type Bench, type BenchResult, resultOf } from './result.ts';

const agonTiny = fileURLToPath(new URL('../../models/agon-tiny', import.meta.url));
const limits = { memoryMib: 16_384, threads: 2, loadMs: 300_000, tokensPerSecondMin: 1 };
const rowCounts = [100, 1_000, 10_000];
const lengths = [64, 256, 1_024, 2_048];
const adapterCounts = [1, 4, 16];
/** Tokens of every point on the line of lengths. */
const tokensOfLength = 131_072;

type Point = { readonly seconds: number; readonly units: number; readonly mib: number };

/** What scoring costs as rows, their length and the adapters grow: seconds per unit at the end against the beginning. */
export const scoreLmGrowth: Bench = async (say) => {
  const folder = await mkdtemp(join(tmpdir(), 'agon-bench-'));
  try {
    const line = async (
      name: string,
      sizes: readonly number[],
      measure: (size: number) => Promise<Point>,
      most: number,
    ) => {
      const points: [number, Point][] = [];
      for (const size of sizes) {
        say(`${name} ${size} …`);
        points.push([size, await measure(size)]);
      }
      return growth(name, points, most);
    };
    const rows = (count: number) => scored(folder, { rows: count, tokens: 48 });
    const length = (tokens: number) => scored(folder, { rows: tokensOfLength / tokens, tokens });
    return [
      await line('rows', rowCounts, rows, 1.2),
      await line('tokens per row', lengths, length, 2),
      await line('adapters', adapterCounts, (count) => adapted(folder, count), 1.2),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** @param most what a unit at the end may cost against one at the beginning. */
function growth(name: string, points: readonly [number, Point][], most: number): BenchResult {
  const cost = (at: number): number => {
    const point = points.at(at)?.[1];
    return point ? point.seconds / point.units : Number.NaN;
  };
  const details = points.map(([size, { seconds, mib }]) => [size, `${seconds.toFixed(1)} s ${mib} MiB`] as const);
  return resultOf(
    { bench: `score-lm growth with ${name}`, unit: 'ms per 1,000 tokens or adapter', aim: `ratio <= ${most}` },
    { ours: cost(-1) * 1e6, yardstick: cost(0) * 1e6, details: Object.fromEntries(details) },
    ({ ratio }) => ratio <= most,
  );
}

async function scored(folder: string, input: { rows: number; tokens: number }): Promise<Point> {
  const files = (await readdir(agonTiny)).map((path) => ({ path, localPath: join(agonTiny, path) }));
  return withScorer(folder, files, async (scorer) => {
    const chats = await longChats(input.rows, { min: input.tokens, max: input.tokens });
    const set = await scorer.encode('rows', async () => ({ kind: 'chat', rows: chats }), input.tokens);
    const few = await scorer.encode('few', async () => ({ kind: 'chat', rows: chats.slice(0, 2) }), input.tokens);
    await scorer.scoreBase([few]);
    const seconds = await secondsOf(() => scorer.scoreBase([set]));
    return { seconds, units: set.tokens.ids.length };
  });
}

async function adapted(folder: string, count: number): Promise<Point> {
  return withScorer(folder, await written(join(folder, 'base'), tinyLlama()), async (scorer) => {
    const chats = await longChats(500, { min: 100, max: 400 });
    const set = await scorer.encode('rows', async () => ({ kind: 'chat', rows: chats }), 512);
    await scorer.scoreBase([set]);
    const seconds = await secondsOf(async () => {
      for (let seed = 1; seed <= count; seed += 1) {
        const files = await written(join(folder, `adapter-${seed}`), tinyAdapter({ seed }));
        await scorer.scoreAdapter(files, [set], { rankMax: 64 });
      }
    });
    // So that the unit is an adapter as 1,000 tokens are one.
    return { seconds, units: count * 1_000 };
  });
}

async function withScorer(
  folder: string,
  files: readonly ModelFile[],
  work: (scorer: LanguageScorer) => Promise<Omit<Point, 'mib'>>,
): Promise<Point> {
  const scorer = await LanguageScorer.open({ folder: join(folder, 'scorer'), files, limits });
  try {
    const point = await work(scorer);
    return { ...point, mib: Math.round((await scorer.memoryMib()) ?? Number.NaN) };
  } finally {
    await scorer.close();
  }
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return (performance.now() - startedMs) / 1000;
}

async function written(folder: string, files: Files): Promise<ModelFile[]> {
  await mkdir(folder, { recursive: true });
  const paths = Object.entries(files).map(async ([path, content]) => {
    await writeFile(join(folder, path), content);
    return { path, localPath: join(folder, path) };
  });
  return Promise.all(paths);
}
