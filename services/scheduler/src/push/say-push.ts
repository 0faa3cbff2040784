import type { NewEvent, PushRecord } from '@agon/store';
import { announceEvents } from '../announce.ts';
import type { SchedulerDeps } from '../scheduler-deps.ts';

const stepPercent = 10;

/** Writes into the job's log what became of an attempt. A log that cannot be written stops no push. */
export async function sayPush(deps: SchedulerDeps, push: PushRecord, event: Omit<NewEvent, 'key'>): Promise<void> {
  const { id, repo, where, attempts } = push;
  const data: Record<string, unknown> = { push: id, repo, where, attempt: attempts, ...event.data };
  const key = [event.type, id, attempts, data.repo, data.percent ?? ''].join(':');
  try {
    await deps.stores.events.append(push.jobId, { ...event, key, data });
    await announceEvents(deps, push.jobId);
  } catch (error) {
    deps.log.warn({ err: error, pushId: id }, 'what a push did was not written down');
  }
}

/** Says every tenth of the way. `said` waits until all is written, so that the end comes after it. */
export function sayShare(deps: SchedulerDeps, push: PushRecord, repo: string) {
  const told = new Set<number>();
  const saying: Promise<void>[] = [];
  return {
    share(share: number): void {
      const percent = Math.floor((100 * share) / stepPercent) * stepPercent;
      if (told.has(percent)) return;
      told.add(percent);
      const message = `${percent} % of ${repo} is there.`;
      saying.push(sayPush(deps, push, { type: 'push.progress', message, data: { repo, percent } }));
    },
    said: () => Promise.all(saying),
  };
}
