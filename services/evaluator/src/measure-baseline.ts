import type { HandlerOutcome, QueuePayload } from '@agon/contracts';
import type { JobRecord } from '@agon/store';
import { announce } from './announce.ts';
import { type EvaluatorDeps, nowDate } from './evaluator-deps.ts';
import { measurePart } from './measure-part.ts';
import type { PreparedJob } from './tasks/task-module.ts';

const msPerMinute = 60_000;

/**
 * Measures the dumb answer on the hidden parts and opens the job. Every step can be repeated: after a crash the next
 * delivery completes what is missing.
 */
export async function measureBaseline(
  deps: EvaluatorDeps,
  { jobId }: QueuePayload<'job.baseline'>,
): Promise<HandlerOutcome> {
  const job = await deps.stores.jobs.find(jobId);
  if (job?.status !== 'preparing' || !isPrepared(job)) return 'skipped';
  if (!job.baseline && !(await storeBaseline(deps, job))) return 'skipped';
  const count = job.spec.budget.seats;
  await deps.stores.seats.ensure({ jobId, count, createdAt: nowDate(deps) });
  const opened = await open(deps, job);
  if (!opened) return 'skipped';
  await deps.queue.add('job.judge', { jobId }, { delayMs: job.spec.budget.wait_minutes * msPerMinute });
  await announce(deps, { kind: 'events', jobId });
  await announce(deps, { kind: 'seats', jobId });
  return 'done';
}

const isPrepared = (job: JobRecord): job is PreparedJob => job.parts !== null;

async function storeBaseline(deps: EvaluatorDeps, job: PreparedJob): Promise<boolean> {
  const { selection, report, summary } = await deps.tasks[job.task].baseline(deps, job);
  const measured = {
    summary,
    selection: await measurePart(deps, selection, job.seed),
    report: await measurePart(deps, report, job.seed),
  };
  const { value } = measured.selection.score;
  const updated = await deps.stores.jobs.update({
    jobId: job.id,
    while: ['preparing'],
    unset: ['baseline'],
    set: { baseline: measured },
    event: {
      type: 'job.baseline',
      key: 'job.baseline',
      message: `The baseline (${summary}) has ${job.objective.metric} ${value.toPrecision(4)} on the selection rows.`,
      data: { metric: job.objective.metric, value, summary },
    },
  });
  return updated !== undefined || (await deps.stores.jobs.find(job.id))?.baseline !== null;
}

function open(deps: EvaluatorDeps, job: JobRecord): Promise<JobRecord | undefined> {
  const now = nowDate(deps);
  const { seats, minutes, wait_minutes: waitMinutes } = job.spec.budget;
  return deps.stores.jobs.move({
    jobId: job.id,
    from: 'preparing',
    to: 'open',
    set: { openedAt: now, waitUntil: new Date(now.getTime() + waitMinutes * msPerMinute) },
    event: {
      type: 'job.opened',
      key: 'job.opened',
      message: `The race is open: ${seats} seats, ${minutes} minutes from the first lease.`,
      data: { seats, minutes, split_commitment: job.splitCommitment },
    },
  });
}
