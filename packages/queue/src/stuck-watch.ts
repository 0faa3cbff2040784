import type { QueueJobName } from '@agon/contracts';
import type { Clock } from '@agon/kit';

export type Look = { name: QueueJobName; waiting: number; busy: boolean };

/** A queue is stuck when, for `stuckMs`, work waited in it, a place was free, and none began. */
export function stuckWatch(input: { clock: Clock; stuckMs: number }) {
  const idleSince = new Map<QueueJobName, number>();
  return {
    /** Work of the queue began. */
    began(name: QueueJobName): void {
      idleSince.delete(name);
    },
    look({ name, waiting, busy }: Look): void {
      if (waiting === 0 || busy) idleSince.delete(name);
      else if (!idleSince.has(name)) idleSince.set(name, input.clock.nowMs());
    },
    stuck(): QueueJobName[] {
      const nowMs = input.clock.nowMs();
      return [...idleSince].filter(([, sinceMs]) => nowMs - sinceMs >= input.stuckMs).map(([name]) => name);
    },
  };
}
