import { errorTable, type HandlerOutcome, jobCatalog } from '@agon/contracts';
import type { JobRecord } from '@agon/store';
import { announce } from '../announce.ts';
import { type EvaluatorDeps, nowDate } from '../evaluator-deps.ts';
import { figure } from '../figure.ts';
import { measuredPart } from '../measured-part.ts';
import { preparedJob } from '../prepared-job.ts';
import { countAttempt } from './count-attempt.ts';
import { announceOpenJob, openJob } from './open-job.ts';

const attemptsMax = jobCatalog['job.baseline'].attempts;

/**
 * Measures the dumb answer on both hidden parts of a job and opens it. Safe to deliver twice, also at once: the first
 * measurement stands, and every step after it leaves the same thing when it is done again.
 *
 * @throws Error where the service fails, until the attempts are used up; then the job fails.
 */
export async function measureBaseline(deps: EvaluatorDeps, { jobId }: { jobId: string }): Promise<HandlerOutcome> {
  const job = await deps.stores.jobs.find(jobId);
  if (job?.status === 'open' && job.deadlineAt === null) await announceOpenJob(deps, job);
  if (job?.status !== 'preparing') return 'skipped';
  if (job.baseline) return openJob(deps, job);
  if (!preparedJob(job)) {
    await deps.queue.add('job.prepare', { jobId });
    return 'skipped';
  }
  const attempt = await countAttempt(deps, jobId);
  try {
    if (attempt <= attemptsMax) return await measureAndOpen(deps, job);
  } catch (error) {
    if (attempt < attemptsMax) throw error;
    deps.log.error({ err: error, jobId }, 'the baseline could not be measured');
  }
  return giveUp(deps, job);
}

async function measureAndOpen(deps: EvaluatorDeps, job: JobRecord): Promise<HandlerOutcome> {
  const prepared = preparedJob(job);
  if (!prepared) throw new Error('The job has no parts.');
  const { summary, selection, report } = await deps.tasks[job.task].baseline(deps, prepared);
  const baseline = {
    summary,
    selection: await measuredPart(deps, selection, job.seed),
    report: await measuredPart(deps, report, job.seed),
  };
  const { value } = baseline.selection.score;
  const { metric } = job.objective;
  await deps.stores.jobs.update({
    jobId: job.id,
    while: ['preparing'],
    unset: ['baseline'],
    set: { baseline },
    event: {
      type: 'job.baseline',
      key: 'job.baseline',
      message: `The dumb answer (${summary}) has a ${metric} of ${figure(value)}; a winner must be better.`,
      data: { metric, value, summary },
    },
  });
  const measured = await deps.stores.jobs.find(job.id);
  if (measured?.status !== 'preparing' || !measured.baseline) return 'skipped';
  return openJob(deps, measured);
}

async function giveUp(deps: EvaluatorDeps, job: JobRecord): Promise<HandlerOutcome> {
  const code = 'preparation_failed';
  const message = `The baseline could not be measured in ${attemptsMax} attempts. ${errorTable[code].help}`;
  const failed = await deps.stores.jobs.move({
    jobId: job.id,
    from: 'preparing',
    to: 'failed',
    set: { finishedAt: nowDate(deps), failure: { code, message } },
    event: { type: 'job.failed', level: 'error', key: 'job.failed', message, data: { code } },
  });
  if (!failed) return 'skipped';
  await announce(deps, 'events', job.id);
  return 'done';
}
