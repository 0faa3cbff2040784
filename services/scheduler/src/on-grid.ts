/** Work falls due a little before the queue's own slices of time end, so that it meets equal work in one slice. */
const beforeSliceMs = 100;

/**
 * The delay until the first point of a grid of absolute times at or after `atMs`. Looks that ask for their own next look
 * meet on the grid and become one; otherwise every extra look would begin a chain of its own, without end.
 */
export function delayOnGrid({ nowMs, atMs, gridMs }: { nowMs: number; atMs: number; gridMs: number }): number {
  const earliestMs = Math.max(atMs, nowMs + 2 * beforeSliceMs);
  return Math.ceil(earliestMs / gridMs) * gridMs - beforeSliceMs - nowMs;
}
