import { openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Client, createClient } from '@agon/client';
import { type Job, type LeaderboardEntry, Receipt } from '@agon/contracts';
import type { Context } from '../context.ts';
import { pullModel } from '../pull-model.ts';
import { readRows } from '../read-rows.ts';
import { datasetsFolder } from '../repository.ts';
import type { Stack } from '../stack/start-stack.ts';
import { renderLeaderboard, renderResult } from '../terminal/race-view.ts';
import { formatNumber, renderTable } from '../terminal/table.ts';
import { watchRace } from '../terminal/watch-race.ts';
import { verifyReceipt } from '../verify/verify-receipt.ts';
import { measurePhases, type PhaseSeconds } from './measure-phases.ts';
import { startMiners } from './start-miners.ts';

export type Demo = {
  readonly context: Context;
  readonly stack: Stack;
  readonly folder: string;
  readonly dataset: { file: string; target: string };
  readonly minutes: number;
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
};

const recipes = ['tabular-gbdt', 'tabular-linear', 'tabular-mlp'];

/** Submits, watches, checks and uses: what the three people do, in one go. */
export async function runDemo(demo: Demo): Promise<DemoSummary> {
  const { context, stack, say } = demo;
  const client = createClient({ baseUrl: stack.url, apiKey: stack.adminKey });
  const miners = await startMiners({ url: stack.url, folder: demo.folder, recipes, env: context.env });
  try {
    say(`… ${recipes.length} miners: ${recipes.join(', ')}`);
    const { job, phases } = await race(client, demo);
    const board = await client.jobs.leaderboard(job.id);
    say(`\n${renderLeaderboard(board)}\n\n${renderResult(job)}`);
    const verified = job.model !== null && (await useWinner(client, job, demo));
    return {
      job: job.id,
      status: job.status,
      winner: winnerOf(job),
      baseline: job.result?.baseline.report ?? job.baseline?.value ?? null,
      leaderboard: board.data.map(summaryOf),
      model: job.model,
      seconds: { setup: round(demo.setupSeconds), ...phases },
      receipt_verified: verified,
    };
  } finally {
    await miners.stop();
  }
}

async function race(client: Client, demo: Demo): Promise<{ job: Job; phases: PhaseSeconds }> {
  const path = join(datasetsFolder, demo.dataset.file);
  const file = await client.files.create(await openAsBlob(path), basename(path));
  const startedMs = Date.now();
  const created = await client.jobs.create({
    training_file: file.id,
    target: demo.dataset.target,
    budget: { minutes: demo.minutes, seats: recipes.length },
  });
  demo.say(`… ${created.id} ${created.task}: ${created.task_inferred ?? ''}`);
  const phases = measurePhases(client, created.id, startedMs);
  const context = demo.json ? { ...demo.context, isTerminal: false, out: demo.say } : demo.context;
  const job = await watchRace(client, created.id, context);
  return { job, phases: await phases };
}

/** Pulls the winner, verifies its receipt against the dataset, and predicts some rows. */
async function useWinner(client: Client, job: Job, demo: Demo): Promise<boolean> {
  const dataset = join(datasetsFolder, demo.dataset.file);
  const pulled = await pullModel(client, {
    modelId: job.model ?? '',
    to: join(demo.folder, 'pulled'),
    context: demo.context,
  });
  demo.say(`\npulled  ${pulled.folder} (${pulled.files.map((file) => file.path).join(', ')})`);
  const receipt = Receipt.parse(JSON.parse(await readFile(join(pulled.folder, 'agon.json'), 'utf8')));
  const keys = (await client.signingKeys()).data.map((key) => key.public_key);
  const checks = await verifyReceipt(receipt, { signingKeys: keys, dataset, model: pulled.folder });
  for (const check of checks) demo.say(`receipt ${check.ok ? '✓' : '✗'} ${check.name}: ${check.message}`);
  await predictSome(client, job, demo);
  return checks.every((check) => check.ok === true);
}

async function predictSome(client: Client, job: Job, demo: Demo): Promise<void> {
  const text = await readFile(join(datasetsFolder, demo.dataset.file), 'utf8');
  const rows = readRows(text.split('\n').slice(0, 6).join('\n'));
  const inputs = rows.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => name !== job.target)));
  const predictions = await client.models.predict(job.model ?? '', { rows: inputs });
  const lines = predictions.data.map((prediction, index) => [
    String(rows[index]?.[job.target ?? ''] ?? ''),
    prediction.label ?? formatNumber(prediction.value),
    prediction.label === undefined ? '' : `${(100 * (prediction.probabilities?.[prediction.label] ?? 0)).toFixed(1)} %`,
  ]);
  demo.say(`\n${renderTable([`true ${job.target}`, 'predicted', 'probability'], lines)}\n`);
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
