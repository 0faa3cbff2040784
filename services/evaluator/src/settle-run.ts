import { goalReached, seatAfterFailure } from '@agon/domain';
import type { EvaluationRecord, JobRecord, NewEvent, RunRecord } from '@agon/store';
import { announce } from './announce.ts';
import { type EvaluatorDeps, nowDate } from './evaluator-deps.ts';

type Verdict = { job: JobRecord; run: RunRecord; evaluation: EvaluationRecord };

/** Draws every consequence of a verdict: the run's end, its seat, the goal, a look at the race. All can be repeated. */
export async function settleRun(deps: EvaluatorDeps, verdict: Verdict): Promise<void> {
  const { run, evaluation } = verdict;
  const failure = evaluation.rejection && { ...evaluation.rejection, class: null };
  await deps.stores.runs.move({
    runId: run.id,
    from: 'scoring',
    to: evaluation.verdict === 'accepted' ? 'scored' : 'rejected',
    set: { finishedAt: nowDate(deps), failure },
    event: eventOf(verdict),
  });
  await settleSeat(deps, verdict);
  await settleGoal(deps, verdict);
  await announce(deps, { kind: 'events', jobId: run.jobId });
  await deps.queue.add('job.judge', { jobId: run.jobId });
}

function eventOf({ run, evaluation, job }: Verdict): NewEvent {
  const data = { run: run.id, miner_name: run.minerName, template: run.template };
  const who = `${run.minerName}${run.template ? ` (${run.template})` : ''}`;
  if (!evaluation.selection) {
    const { code, message } = evaluation.rejection ?? { code: 'unknown', message: '' };
    const text = `The submission of ${who} was rejected: ${message}`;
    return {
      type: 'run.rejected',
      level: 'warn',
      key: `run.rejected:${run.id}`,
      message: text,
      data: { ...data, code },
    };
  }
  const { value, ci95 } = evaluation.selection.score;
  const text = `${who} scored ${job.objective.metric} ${value.toPrecision(4)} [${ci95.map((edge) => edge.toPrecision(4)).join(', ')}].`;
  return { type: 'run.scored', key: `run.scored:${run.id}`, message: text, data: { ...data, value, ci95 } };
}

/** A scored seat is done; a rejected one is offered again while attempts and time are left. */
async function settleSeat(deps: EvaluatorDeps, { job, run, evaluation }: Verdict): Promise<void> {
  const seat = await deps.stores.seats.find(run.seatId);
  if (!seat || seat.fence !== run.fence) return;
  const nowMs = deps.clock.nowMs();
  const accepted = evaluation.verdict === 'accepted';
  const to = accepted ? 'closed' : seatAfterFailure({ attempts: seat.attempts, job, nowMs });
  const released = await deps.stores.seats.release({ seatId: seat.id, fence: run.fence, to });
  if (released && to === 'open') await announce(deps, { kind: 'seats', jobId: job.id });
}

async function settleGoal(deps: EvaluatorDeps, { job, run, evaluation }: Verdict): Promise<void> {
  if (!evaluation.selection || !goalReached(job.objective, evaluation.selection.score.value)) return;
  await deps.stores.jobs.update({
    jobId: job.id,
    while: ['open', 'paused'],
    set: { goalReached: true },
    event: {
      type: 'job.goal_reached',
      key: 'job.goal_reached',
      message: `${run.minerName} reached the goal of ${job.objective.metric} ${job.objective.goal}.`,
      data: { run: run.id },
    },
  });
}
