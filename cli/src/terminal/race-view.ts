import type { Job, Leaderboard, Run } from '@agon/contracts';
import colours from 'picocolors';
import { renderBar } from './bar.ts';
import { formatNumber, formatScore, formatSeconds, renderTable } from './table.ts';

export type Race = { readonly job: Job; readonly runs: readonly Run[]; readonly leaderboard: Leaderboard };

const barWidth = 24;
const finalStatuses = new Set(['scored', 'rejected', 'failed', 'expired', 'cancelled']);

/** The race as lines of a terminal: what is raced for, then a line a miner. */
export function renderRace(race: Race, nowSeconds: number): string[] {
  return [headline(race.job, nowSeconds), ...race.runs.map((run) => runLine(race, run, nowSeconds))];
}

function headline(job: Job, nowSeconds: number): string {
  const metric = `${job.objective.metric} (${job.objective.direction === 'minimize' ? 'lower' : 'higher'} is better)`;
  const baseline = job.baseline ? `baseline ${formatNumber(job.baseline.value)}` : 'baseline not measured yet';
  const left = job.deadline_at === null ? '' : ` · ${formatSeconds(job.deadline_at - nowSeconds)} left`;
  return `${colours.bold(job.id)} ${statusText(job.status)} · ${metric} · ${baseline}${isOpen(job) ? left : ''}`;
}

const isOpen = (job: Job): boolean => job.status === 'open';

function runLine(race: Race, run: Run, nowSeconds: number): string {
  const name = run.miner.name.slice(0, 18).padEnd(18);
  const template = (run.template ?? '').split('@')[0]?.slice(0, 16).padEnd(16) ?? '';
  const bar = colours.cyan(renderBar(shareDone(race.job, run, nowSeconds), barWidth));
  return `  ${name} ${colours.dim(template)} ${bar} ${stateOf(run)}`;
}

/** Trainers fill their time, so the clock tells more than their steps where both are known. */
function shareDone(job: Job, run: Run, nowSeconds: number): number {
  if (finalStatuses.has(run.status) || run.committed_at !== null) return 1;
  const bySteps = run.progress?.steps ? run.progress.step / run.progress.steps : 0;
  const lengthSeconds = (job.deadline_at ?? Number.POSITIVE_INFINITY) - run.created_at;
  return Math.max(bySteps, Math.min(0.99, (nowSeconds - run.created_at) / lengthSeconds));
}

function stateOf(run: Run): string {
  if (run.status === 'scored') return `${colours.green('✓')} ${formatScore(run.score)}`;
  if (run.error) return `${colours.red('✗')} ${run.status}: ${run.error.message.slice(0, 80)}`;
  const { progress } = run;
  if (!progress || run.status !== 'training') return run.status;
  const steps = progress.steps ? `${progress.step}/${progress.steps}` : `step ${progress.step}`;
  return `${steps}${progress.loss === undefined ? '' : ` · loss ${formatNumber(progress.loss)}`}`;
}

export function statusText(status: Job['status']): string {
  if (status === 'succeeded') return colours.green(status);
  if (status === 'failed' || status === 'cancelled') return colours.red(status);
  return colours.yellow(status);
}

/** The final or present leaderboard with intervals, and the baseline as its last line. */
export function renderLeaderboard(board: Leaderboard): string {
  const rows = board.data.map((entry) => [
    entry.rank === null ? '–' : String(entry.rank),
    entry.won ? colours.green(`${entry.miner.name} ★`) : entry.miner.name,
    entry.template ?? '–',
    entry.status,
    formatScore(entry.score),
    entry.to_winner === null ? '–' : formatScore(entry.to_winner),
    entry.p_best === null ? '–' : entry.p_best.toFixed(3),
    entry.error?.message.slice(0, 60) ?? (entry.copy_of ? `copy of ${entry.copy_of}` : ''),
  ]);
  const baseline = ['', 'baseline', '', '', formatNumber(board.baseline), '', '', ''];
  return renderTable(
    ['#', 'miner', 'template', 'status', `${board.metric} [95 %]`, 'gain over winner', 'p(best)', ''],
    [...rows, baseline],
  );
}

/** The winner's report: the score on rows that did not choose it. */
export function renderResult(job: Job): string {
  const { result } = job;
  if (!result) return job.error ? `${job.error.code}: ${job.error.message}` : '';
  return [
    `${colours.green('winner')}  ${result.winner.miner_name} with ${result.winner.template}`,
    `${result.metric} on ${result.report.rows} rows that nobody had seen: ${colours.bold(formatScore(result.report))}`,
    `baseline on the same rows: ${formatNumber(result.baseline.report)}; gain ${formatScore(result.gain)}`,
    ...(job.model === null ? [] : [`model   ${job.model}`]),
  ].join('\n');
}
