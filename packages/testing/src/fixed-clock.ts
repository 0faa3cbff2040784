import type { Clock } from '@agon/kit';

export type FixedClock = Clock & {
  /** Moves the time on. */
  advance(ms: number): void;
  date(): Date;
};

/** A clock that stands until it is moved. */
export function fixedClock(startMs = Date.UTC(2026, 0, 1)): FixedClock {
  let nowMs = startMs;
  return {
    nowMs: () => nowMs,
    date: () => new Date(nowMs),
    advance: (ms) => {
      nowMs += ms;
    },
  };
}
