import type { Judgement } from '@agon/store';
import type { SchedulerDeps } from '../scheduler-deps.ts';

const pageEvents = 500;
/** A job has some events for each attempt in each seat, so a page is enough but for the longest races. */
const pagesMax = 20;
const reasons: readonly string[] = ['goal', 'all_seats_final', 'deadline'] satisfies Judgement['reason'][];
const isReason = (value: unknown): value is Judgement['reason'] => typeof value === 'string' && reasons.includes(value);

/**
 * Why a race ended, as the job's log says, so that a delivery that goes on after a crash says the same as the one that
 * closed the race.
 */
export async function endReason(deps: SchedulerDeps, jobId: string): Promise<Judgement['reason']> {
  let afterSequence = 0;
  for (let page = 0; page < pagesMax; page += 1) {
    const events = await deps.stores.events.list({ jobId, afterSequence, limit: pageEvents });
    const reason = events.find((event) => event.type === 'job.judging')?.data.reason;
    if (isReason(reason)) return reason;
    const last = events.at(-1);
    if (!last || events.length < pageEvents) break;
    afterSequence = last.sequence;
  }
  return 'all_seats_final';
}
