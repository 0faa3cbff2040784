/**
 * Hands out whole seats in proportion: everyone gets the whole part of the quota (never more than the cap), what is left
 * goes to the largest remainders (Hamilton's method); ties go to the larger quota, then to the earlier. Where caps stop
 * that, the rest goes round again to whoever has room.
 *
 * @param quotas what each should get, a fraction, in sum at most `total`; below 0 counts as 0.
 * @param caps the most that each can get, whole.
 * @returns whole numbers that sum to `total`, or to the sum of the caps where that is less.
 */
export function largestRemainder(total: number, quotas: readonly number[], caps: readonly number[]): number[] {
  const wanted = quotas.map((quota) => Math.max(0, quota));
  const given = wanted.map((quota, index) => Math.min(Math.floor(quota + 1e-9), caps[index] ?? 0));
  const order = wanted
    .map((quota, index) => ({ index, quota, remainder: quota - Math.floor(quota + 1e-9) }))
    .toSorted(
      (left, right) => right.remainder - left.remainder || right.quota - left.quota || left.index - right.index,
    );
  let left = total - given.reduce((sum, count) => sum + count, 0);
  for (let moved = true; moved && left > 0; ) {
    moved = false;
    for (const { index } of order) {
      if (left === 0) break;
      if ((given[index] ?? 0) >= (caps[index] ?? 0)) continue;
      given[index] = (given[index] ?? 0) + 1;
      left -= 1;
      moved = true;
    }
  }
  return given;
}
