import { createHash } from 'node:crypto';
import { limits } from '@agon/contracts';

const msPerMinute = 60_000;
const msPerSecond = 1_000;
const usefulMsMin = 10_000;
const usefulBudgetShare = 0.25;
const graceBudgetShare = 0.1;

/** The least time in which a new attempt is worth a start, in whole ms: 10 s, or a quarter of the budget. */
export const usefulMs = (budgetMinutes: number): number =>
  Math.max(usefulMsMin, Math.round(usefulBudgetShare * budgetMinutes * msPerMinute));

/**
 * Whether a new attempt is worth a start.
 *
 * @param input.deadlineMs null where the race has not begun: then there is always time.
 */
export function enoughTimeLeft(input: { deadlineMs: number | null; nowMs: number; budgetMinutes: number }): boolean {
  return input.deadlineMs === null || input.deadlineMs - input.nowMs >= usefulMs(input.budgetMinutes);
}

/** How long after the deadline a submission is still taken: a tenth of the budget, 20 s to 5 minutes. */
export function graceSeconds(minutes: number): number {
  const seconds = Math.ceil(minutes * 60 * graceBudgetShare);
  return Math.min(limits.graceSecondsMax, Math.max(limits.graceSecondsMin, seconds));
}

/** How long a miner must be silent to lose its lease: 4 heartbeats and 120 s must both have passed. */
export const leaseSilenceMs = (heartbeatSeconds: number): number =>
  Math.max(limits.heartbeatsMissedMax * heartbeatSeconds * msPerSecond, limits.leaseSilenceMsMin);

/** A run's own seed, so that rivals with the same recipe do not train the same model: 31 bits of sha256. */
export function runSeed(jobSeed: number, runId: string): number {
  return createHash('sha256').update(`${jobSeed}:${runId}`).digest().readUInt32BE(0) >>> 1;
}
