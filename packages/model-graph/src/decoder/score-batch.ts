/** A row of tokens of which some are to be predicted. */
export type ScoreRow = {
  readonly tokens: ArrayLike<number>;
  /** Indices of the tokens whose loss is wanted, ascending, all above 0. */
  readonly completion: ArrayLike<number>;
};

/** What the score graph is fed with, besides LoRA matrices and the prefix. */
export type ScoreBatch = {
  readonly rows: number;
  /** `[rows, columns]` */
  readonly columns: number;
  readonly inputIds: BigInt64Array;
  readonly positions: BigInt64Array;
  readonly targets: BigInt64Array;
};

/**
 * Tokens that all rows begin with and that need no loss, so that their keys and values can be computed once. The last
 * token before a completion is never among them.
 */
export function commonPrefix(rows: readonly ScoreRow[]): number {
  const [first] = rows;
  if (first === undefined) return 0;
  let length = Math.min(...rows.map((row) => Math.min(row.completion[0] ?? row.tokens.length, row.tokens.length) - 1));
  for (const row of rows) {
    let same = 0;
    while (same < length && row.tokens[same] === first.tokens[same]) same += 1;
    length = same;
  }
  return Math.max(0, length);
}

/**
 * Groups rows of like length, so that little is padded. Longest first, so that memory is at its highest at once.
 *
 * @returns indices of the rows of each batch; a row longer than `tokensMax` is a batch of its own
 */
export function planBatches(
  rows: readonly ScoreRow[],
  limits: { tokensMax: number; completionsMax: number },
): number[][] {
  const order = rows.map((_, index) => index);
  const lengthOf = (index: number): number => rows[index]?.tokens.length ?? 0;
  order.sort((a, b) => lengthOf(b) - lengthOf(a) || a - b);
  const batches: number[][] = [];
  let width = 0;
  let completions = 0;
  for (const index of order) {
    const batch = batches.at(-1);
    const more = rows[index]?.completion.length ?? 0;
    const fits = (batch?.length ?? 0) < Math.floor(limits.tokensMax / Math.max(1, width));
    if (batch && fits && completions + more <= limits.completionsMax) {
      batch.push(index);
      completions += more;
    } else {
      batches.push([index]);
      width = lengthOf(index);
      completions = more;
    }
  }
  return batches;
}

/** Lays rows out as the score graph takes them, without their first `prefix` tokens. Losses come row by row. */
export function scoreBatch(rows: readonly ScoreRow[], prefix = 0): ScoreBatch {
  const columns = Math.max(1, ...rows.map((row) => row.tokens.length - prefix));
  const inputIds = new BigInt64Array(rows.length * columns);
  const positions: bigint[] = [];
  const targets: bigint[] = [];
  for (const [index, row] of rows.entries()) {
    for (let column = prefix; column < row.tokens.length; column += 1) {
      inputIds[index * columns + column - prefix] = BigInt(row.tokens[column] ?? 0);
    }
    for (const place of Array.from(row.completion)) {
      positions.push(BigInt(index * columns + place - 1 - prefix));
      targets.push(BigInt(row.tokens[place] ?? 0));
    }
  }
  return {
    rows: rows.length,
    columns,
    inputIds,
    positions: BigInt64Array.from(positions),
    targets: BigInt64Array.from(targets),
  };
}
