import type { EncodedRow } from '../tokenizer/encode-chat.ts';

/** Rows of tokens, flat, so that thousands of them cross to a process at once. */
export type TokenRows = {
  readonly ids: Int32Array;
  /** Row `r` has the ids from `offsets[r]` to `offsets[r + 1]`. */
  readonly offsets: Int32Array;
  /** Indices within their row of the tokens that are scored. */
  readonly completion: Int32Array;
  readonly completionOffsets: Int32Array;
};

export const rowCount = (rows: TokenRows): number => rows.offsets.length - 1;

/** Tokens of one row. */
export const rowLength = (rows: TokenRows, row: number): number =>
  (rows.offsets[row + 1] as number) - (rows.offsets[row] as number);

/** Scored tokens of each row. */
export const completionCounts = (rows: TokenRows): Int32Array =>
  Int32Array.from(
    { length: rowCount(rows) },
    (_, row) => (rows.completionOffsets[row + 1] as number) - (rows.completionOffsets[row] as number),
  );

/** Packs rows; `completion` is left out by encoders, which score no tokens. */
export function packRows(rows: readonly Pick<EncodedRow, 'ids' | 'completion'>[]): TokenRows {
  return {
    ids: joined(rows.map((row) => row.ids)),
    offsets: offsetsOf(rows.map((row) => row.ids.length)),
    completion: joined(rows.map((row) => row.completion)),
    completionOffsets: offsetsOf(rows.map((row) => row.completion.length)),
  };
}

function joined(lists: readonly (readonly number[])[]): Int32Array {
  const all = new Int32Array(lists.reduce((sum, list) => sum + list.length, 0));
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  return all;
}

function offsetsOf(lengths: readonly number[]): Int32Array {
  const offsets = new Int32Array(lengths.length + 1);
  for (const [index, length] of lengths.entries()) offsets[index + 1] = (offsets[index] as number) + length;
  return offsets;
}
