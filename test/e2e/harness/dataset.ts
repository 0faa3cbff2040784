/** A small pseudo-random generator (mulberry32), so that every run of the tests sees the same rows. */
export function numbersFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Rows of `x,noise,colour,answer`: `answer` is yes with the probability 1 / (1 + exp(-8 (x - 0.5))). */
export function logisticCsv(rows: number, seed = 1): string {
  const next = numbersFrom(seed);
  const lines = Array.from({ length: rows }, () => {
    const x = next();
    const colour = ['red', 'green', 'blue'][Math.floor(next() * 3)];
    const noise = next() < 0.1 ? '' : next().toFixed(4);
    const answer = next() < 1 / (1 + Math.exp(-8 * (x - 0.5))) ? 'yes' : 'no';
    return `${x.toFixed(6)},${noise},${colour},${answer}`;
  });
  return `x,noise,colour,answer\n${lines.join('\n')}\n`;
}
