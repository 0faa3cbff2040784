/** Gives the next of a sequence of uniform 32-bit unsigned integers. */
export type RandomUint32 = () => number;

/**
 * SplitMix-style filler of a state from a seed: golden-ratio steps through a 32-bit finaliser (the constants are those
 * of Wellons' hash prospector, `triple32`'s two-round kin).
 */
function splitmix32(seed: number): RandomUint32 {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let word = state ^ (state >>> 16);
    word = Math.imul(word, 0x21f0aaad);
    word ^= word >>> 15;
    word = Math.imul(word, 0x735a2d97);
    return (word ^ (word >>> 15)) >>> 0;
  };
}

/** xoshiro128** 1.1 by Blackman and Vigna (prng.di.unimi.it/xoshiro128starstar.c) from a state that is not all 0. */
export function xoshiro128(state: readonly [number, number, number, number]): RandomUint32 {
  let [a, b, c, d] = state;
  return () => {
    const scrambled = Math.imul(b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result;
  };
}

/**
 * xoshiro128** with a state filled by SplitMix. Same seed, same sequence, on every machine.
 *
 * @param seed a safe integer, 0 or more; all of its 53 bits count.
 */
export function randomUint32(seed: number): RandomUint32 {
  const fill = splitmix32((seed % 2 ** 32) ^ Math.imul(Math.floor(seed / 2 ** 32), 0x85ebca6b));
  return xoshiro128([fill(), fill(), fill(), fill() | 1]);
}

/**
 * Draws as many rows as there are, with replacement, and counts how often each was drawn. Every row is equally likely:
 * multiply-shift with rejection (Lemire 2019, "Fast random integer generation in an interval").
 *
 * @param counts is overwritten; its length is the number of rows, below 2^21.
 */
export function drawCounts(next: RandomUint32, counts: Uint32Array): void {
  const rows = counts.length;
  const rejectBelow = 2 ** 32 % rows;
  counts.fill(0);
  for (let draw = 0; draw < rows; draw += 1) {
    let word = next();
    while (Math.imul(word, rows) >>> 0 < rejectBelow) word = next();
    const row = Math.floor((word * rows) / 2 ** 32);
    counts[row] = (counts[row] as number) + 1;
  }
}
