import { openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Client, createClient } from '@agon/client';
import { type Job, type LeaderboardEntry, Receipt } from '@agon/contracts';
import type { Context } from '../context.ts';
import { pullModel } from '../pull-model.ts';
import { readRows } from '../read-rows.ts';
import type { Stack } from '../stack/start-stack.ts';
import { renderLeaderboard, renderResult } from '../terminal/race-view.ts';
import { formatNumber, renderTable } from '../terminal/table.ts';
import { watchRace } from '../terminal/watch-race.ts';
import { verifyReceipt } from '../verify/verify-receipt.ts';
import { measurePhases, type PhaseSeconds } from './measure-phases.ts';
import { type PreparedBase, prepareBase } from './prepare-base.ts';
import type { DemoRace } from './races.ts';
import { type Answers, answerSideBySide } from './side-by-side.ts';
import { startMiners } from './start-miners.ts';

export type Demo = {
  readonly context: Context;
  readonly stack: Stack;
  /** Of this demo; `home` keeps what is made once. */
  readonly folder: string;
  readonly home: string;
  readonly race: DemoRace;
  /** Name of a base model of the demo, for races that start from one. */
  readonly base: string | undefined;
  readonly minutes: number;
  /** The image of the miners' containers; null where trainers are plain processes. */
  readonly image: string | null;
  readonly setupSeconds: number;
  readonly say: (text: string) => void;
  readonly json: boolean;
};

/** The last line of `agon demo --json`. */
export type DemoSummary = {
  job: string;
  status: string;
  winner: { miner: string; template: string; metric: string; score: number; ci95: [number, number] } | null;
  baseline: number | null;
  leaderboard: {
    miner: string;
    template: string | null;
    status: string;
    score: number | null;
    ci95: [number, number] | null;
    p_best: number | null;
  }[];
  model: string | null;
  seconds: PhaseSeconds & { setup: number };
  receipt_verified: boolean;
  /** For language models: what base and winner answer. */
  answers?: readonly Answers[];
};

/** Submits, watches, checks and uses: what the three people do, in one go. */
export async function runDemo(demo: Demo): Promise<DemoSummary> {
  const { context, stack, say } = demo;
  const { recipes } = demo.race;
  const client = createClient({ baseUrl: stack.url, apiKey: stack.adminKey });
  const base = demo.base === undefined ? undefined : await prepareBase(client, { ...demo, base: demo.base });
  const miners = await startMiners({
    url: stack.url,
    folder: demo.folder,
    recipes,
    image: demo.image,
    env: context.env,
  });
  try {
    say(`… ${recipes.length} miners${demo.image === null ? '' : ' in containers'}: ${recipes.join(', ')}`);
    const { job, phases } = await race(client, demo, base);
    const board = await client.jobs.leaderboard(job.id);
    say(`\n${renderLeaderboard(board)}\n\n${renderResult(job)}`);
    const used = job.model === null ? { verified: false } : await useWinner(client, { job, demo, base });
    return {
      job: job.id,
      status: job.status,
      winner: winnerOf(job),
      baseline: job.result?.baseline.report ?? job.baseline?.value ?? null,
      leaderboard: board.data.map(summaryOf),
      model: job.model,
      seconds: { setup: round(demo.setupSeconds), ...phases },
      receipt_verified: used.verified,
      ...(used.answers ? { answers: used.answers } : {}),
    };
  } finally {
    await miners.stop();
  }
}

async function race(
  client: Client,
  demo: Demo,
  base: PreparedBase | undefined,
): Promise<{ job: Job; phases: PhaseSeconds }> {
  const { file: path, target, task, maxTokens, recipes } = demo.race;
  const file = await client.files.create(await openAsBlob(path), basename(path));
  const startedMs = Date.now();
  const created = await client.jobs.create({
    training_file: file.id,
    ...(target ? { target } : {}),
    ...(task ? { task } : {}),
    ...(base ? { base_model: base.name } : {}),
    ...(maxTokens ? { text: { max_tokens: maxTokens } } : {}),
    budget: { minutes: demo.minutes, seats: recipes.length },
  });
  demo.say(`… ${created.id} ${created.task}${created.task_inferred ? `: ${created.task_inferred}` : ''}`);
  const phases = measurePhases(client, created.id, startedMs);
  const context = demo.json ? { ...demo.context, isTerminal: false, out: demo.say } : demo.context;
  const job = await watchRace(client, created.id, context);
  return { job, phases: await phases };
}

type Used = { verified: boolean; answers?: readonly Answers[] };

/** Pulls the winner, verifies its receipt against the dataset, and uses it. */
async function useWinner(
  client: Client,
  input: { job: Job; demo: Demo; base: PreparedBase | undefined },
): Promise<Used> {
  const { job, demo, base } = input;
  const to = join(demo.folder, 'pulled');
  const pulled = await pullModel(client, { modelId: job.model ?? '', to, context: demo.context });
  demo.say(`\npulled  ${pulled.folder} (${pulled.files.map((file) => file.path).join(', ')})`);
  const receipt = Receipt.parse(JSON.parse(await readFile(join(pulled.folder, 'agon.json'), 'utf8')));
  const keys = (await client.signingKeys()).data.map((key) => key.public_key);
  const evidence = { signingKeys: keys, dataset: demo.race.file, model: pulled.folder, base: base?.folder };
  const checks = await verifyReceipt(receipt, evidence);
  for (const check of checks)
    demo.say(`receipt ${check.ok === null ? '?' : check.ok ? '✓' : '✗'} ${check.name}: ${check.message}`);
  const verified = checks.every((check) => check.ok !== false);
  if (job.task === 'chat' && base) return { verified, answers: await answersOf(client, { job, demo, base }) };
  if (job.target !== null && job.table !== null) await predictSome(client, job, demo);
  return { verified };
}

async function answersOf(client: Client, input: { job: Job; demo: Demo; base: PreparedBase }): Promise<Answers[]> {
  const { demo, base, job } = input;
  const answers = await answerSideBySide(client, { file: demo.race.file, base: base.name, winner: job.model ?? '' });
  for (const { prompt, wanted, ...said } of answers) {
    demo.say(`\n${prompt}\n  wanted  ${wanted}\n  base    ${said.base}\n  winner  ${said.winner}`);
  }
  return answers;
}

async function predictSome(client: Client, job: Job, demo: Demo): Promise<void> {
  const target = job.target ?? '';
  const lines = (await readFile(demo.race.file, 'utf8')).split('\n');
  const rows = readRows(lines.slice(0, 6).join('\n'));
  const inputs = rows.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => name !== target)));
  const predictions = await client.models.predict(job.model ?? '', { rows: inputs });
  const table = predictions.data.map((prediction, index) => [
    String(rows[index]?.[target] ?? ''),
    prediction.label ?? formatNumber(prediction.value),
    prediction.label === undefined ? '' : `${(100 * (prediction.probabilities?.[prediction.label] ?? 0)).toFixed(1)} %`,
  ]);
  demo.say(`\n${renderTable([`true ${target}`, 'predicted', 'probability'], table)}\n`);
}

function winnerOf(job: Job): DemoSummary['winner'] {
  if (!job.result) return null;
  const { winner, metric, report } = job.result;
  return { miner: winner.miner_name, template: winner.template, metric, score: report.value, ci95: report.ci95 };
}

const summaryOf = (entry: LeaderboardEntry): DemoSummary['leaderboard'][number] => ({
  miner: entry.miner.name,
  template: entry.template,
  status: entry.status,
  score: entry.score?.value ?? null,
  ci95: entry.score?.ci95 ?? null,
  p_best: entry.p_best,
});

const round = (seconds: number): number => Math.round(seconds * 10) / 10;
