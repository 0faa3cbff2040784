import fc from 'fast-check';

/** CI judges a change and not luck: each run there draws the same examples. */
const seedOfCi = 20_261_125;

/**
 * How properties draw their examples, from the environment: TEST_SEED fixes the draw (CI fixes it by itself), TEST_RUNS
 * is how many examples each property gets that names no number, 100 unless told.
 */
const seed = process.env.TEST_SEED ?? (process.env.CI === 'true' ? seedOfCi : undefined);
const runs = process.env.TEST_RUNS;

fc.configureGlobal({
  ...(seed !== undefined && { seed: Number(seed) }),
  ...(runs !== undefined && { numRuns: Number(runs) }),
});
