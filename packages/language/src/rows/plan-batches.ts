/** Rows that run together. */
export type Batch = {
  readonly rows: readonly number[];
  /** Of the longest. */
  readonly length: number;
};

/**
 * Rows sorted by length, longest first, so that memory is at its highest at once, and grouped so that a batch has at
 * most `tokensMax` tokens with its padding (a longer row runs alone) and little of them is padding.
 */
export function planBatches(lengths: ArrayLike<number>, tokensMax: number): Batch[] {
  const order = Array.from({ length: lengths.length }, (_, row) => row).sort(
    (left, right) => (lengths[right] as number) - (lengths[left] as number) || left - right,
  );
  const batches: Batch[] = [];
  let rows: number[] = [];
  let length = 0;
  for (const row of order) {
    if (rows.length > 0 && (rows.length + 1) * length > tokensMax) {
      batches.push({ rows, length });
      rows = [];
    }
    if (rows.length === 0) length = lengths[row] as number;
    rows.push(row);
  }
  if (rows.length > 0) batches.push({ rows, length });
  return batches;
}
