import type { HandlerOutcome, RunFailure, Score } from '@agon/contracts';
import { goalReached, seatAfterFailure } from '@agon/domain';
import type { EvaluationRecord, JobRecord, NewEvent, RunRecord } from '@agon/store';
import { announce } from '../announce.ts';
import { type EvaluatorDeps, nowDate } from '../evaluator-deps.ts';
import { figure } from '../figure.ts';

type Verdict = { readonly run: RunRecord; readonly job: JobRecord; readonly evaluation: EvaluationRecord };

/**
 * Draws the consequences of an evaluation: the goal, the run's end, its seat, and a look at the race. Every step leaves
 * the same thing when it is done again, so a delivery after a crash completes what is missing.
 */
export async function settleRun(deps: EvaluatorDeps, { run, job, evaluation }: Verdict): Promise<HandlerOutcome> {
  const { selection } = evaluation;
  if (selection) await noteGoal(deps, { run, job, score: selection.score });
  const to = evaluation.verdict === 'accepted' ? 'scored' : 'rejected';
  const moved = await deps.stores.runs.move({
    runId: run.id,
    from: 'scoring',
    to,
    set: { finishedAt: nowDate(deps), ...(evaluation.rejection ? { failure: failureOf(evaluation.rejection) } : {}) },
    event: selection ? scoredEvent(run, job, selection.score) : rejectedEvent(run, evaluation),
  });
  const ended = moved ?? (await deps.stores.runs.find(run.id));
  if (ended?.status !== to) return 'skipped';
  await releaseSeat(deps, run, to);
  await lookAgain(deps, run);
  return moved ? 'done' : 'skipped';
}

/** Ends a run that the service could not score for too long; nothing is held against its miner. */
export async function giveRunUp(deps: EvaluatorDeps, run: RunRecord): Promise<HandlerOutcome> {
  const message = 'The service could not score this submission; the fault is not yours. Tell the operator the run id.';
  const moved = await deps.stores.runs.move({
    runId: run.id,
    from: 'scoring',
    to: 'cancelled',
    set: { finishedAt: nowDate(deps), failure: { code: 'scoring_failed', class: null, message } },
    event: {
      type: 'run.cancelled',
      key: `run.cancelled:${run.id}`,
      level: 'error',
      message: `The submission of ${run.minerName} in seat ${run.seatIndex} could not be scored through a fault of the service.`,
      data: { ...factsOf(run), code: 'scoring_failed' },
    },
  });
  if (!moved) return 'skipped';
  await releaseSeat(deps, run, 'cancelled');
  await lookAgain(deps, run);
  return 'done';
}

const factsOf = (run: RunRecord) => ({ run: run.id, seat: run.seatIndex, miner_name: run.minerName });

const failureOf = (rejection: NonNullable<EvaluationRecord['rejection']>): RunFailure => ({
  ...rejection,
  class: null,
});

function scoredEvent(run: RunRecord, job: JobRecord, score: Score): NewEvent {
  const [low, high] = score.ci95;
  return {
    type: 'run.scored',
    key: `run.scored:${run.id}`,
    message: `${run.minerName} in seat ${run.seatIndex}: ${job.objective.metric} ${figure(score.value)} (95 %: ${figure(low)} to ${figure(high)}).`,
    data: {
      ...factsOf(run),
      template: run.template,
      metric: job.objective.metric,
      value: score.value,
      ci95: score.ci95,
    },
  };
}

function rejectedEvent(run: RunRecord, evaluation: EvaluationRecord): NewEvent {
  const { code, message } = evaluation.rejection ?? { code: 'inference_failed', message: '' };
  return {
    type: 'run.rejected',
    key: `run.rejected:${run.id}`,
    level: 'warn',
    message: `The submission of ${run.minerName} in seat ${run.seatIndex} was rejected (${code}): ${message}`,
    data: { ...factsOf(run), template: run.template, code },
  };
}

/** Before the run is final: until then a redelivery or the reconciler comes back here. */
async function noteGoal(deps: EvaluatorDeps, input: { run: RunRecord; job: JobRecord; score: Score }): Promise<void> {
  const { run, job, score } = input;
  if (job.goalReached || !goalReached(job.objective, score.value)) return;
  await deps.stores.jobs.update({
    jobId: job.id,
    while: ['open', 'paused'],
    set: { goalReached: true },
    event: {
      type: 'job.goal_reached',
      key: 'job.goal_reached',
      message: `${run.minerName} reached the goal: ${job.objective.metric} ${figure(score.value)}.`,
      data: { ...factsOf(run), metric: job.objective.metric, value: score.value, goal: job.objective.goal },
    },
  });
}

/** The seat of a scored run closes, that of a rejected one is offered again while there is time. */
async function releaseSeat(
  deps: EvaluatorDeps,
  run: RunRecord,
  end: 'scored' | 'rejected' | 'cancelled',
): Promise<void> {
  const seat = await deps.stores.seats.find(run.seatId);
  if (seat?.fence !== run.fence) return;
  const job = await deps.stores.jobs.find(run.jobId);
  const again = end === 'rejected' && job !== undefined;
  const to = again ? seatAfterFailure({ attempts: seat.attempts, job, nowMs: deps.clock.nowMs() }) : 'closed';
  const released = await deps.stores.seats.release({ seatId: seat.id, fence: run.fence, to });
  if (released?.status === 'open') await announce(deps, 'seats', run.jobId);
}

async function lookAgain(deps: EvaluatorDeps, run: RunRecord): Promise<void> {
  await deps.queue.add('job.judge', { jobId: run.jobId });
  await announce(deps, 'events', run.jobId);
}
