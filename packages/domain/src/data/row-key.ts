import { createHash, createHmac, createSecretKey } from 'node:crypto';

/**
 * Makes the keys of rows for one split secret: HMAC-SHA256 (RFC 2104) with the 32 bytes of the secret over the UTF-8 of
 * the canonical JSON (RFC 8785) of the row's normalised cells: an array of strings, the features in the order of
 * `table.columns`, then the target; `""` is missing. Ignored and empty columns are not in it, so rows that differ only
 * there are duplicates.
 *
 * @param secret 64 hex digits.
 */
export function rowKeyMaker(secret: string): (cells: readonly string[]) => Uint8Array {
  const keyOf = jsonKeyMaker(secret);
  return (cells) => keyOf(JSON.stringify(cells));
}

/**
 * The same for rows whose canonical JSON is made already. That of a text row is of its object: `messages` (chat),
 * `chosen`, `prompt` and `rejected` (preference), `label` and `text` (text-classification), with every run of white
 * space as one space, so that rows that differ only there are duplicates.
 */
export function jsonKeyMaker(secret: string): (json: string) => Uint8Array {
  const key = createSecretKey(secretBytes(secret));
  return (json) => createHmac('sha256', key).update(json).digest();
}

/** The key of a single row; see `rowKeyMaker`. */
export const rowKey = (secret: string, cells: readonly string[]): Uint8Array => rowKeyMaker(secret)(cells);

/** The first 64 bits of a key, big-endian, by which rows are ordered in the split. */
export const prefixOf = (key: Uint8Array): bigint =>
  new DataView(key.buffer, key.byteOffset, key.byteLength).getBigUint64(0);

function secretBytes(secret: string): Buffer {
  if (!/^[0-9a-f]{64}$/.test(secret)) throw new RangeError('The split secret must be 64 lower-case hex digits.');
  return Buffer.from(secret, 'hex');
}

/**
 * What is published when a job opens, so that the split cannot be moved afterwards: sha256, in hex, over
 *
 * 1. the 12 ASCII bytes `agon-split-1`,
 * 2. the 32 bytes of the secret,
 * 3. for selection, then for report: the number of rows as uint32 big-endian, then their 32-byte keys in rising order
 *    of the bytes.
 *
 * @param rows the keys of the hidden rows, in any order.
 */
export function splitCommitment(
  secret: string,
  rows: { selection: readonly Uint8Array[]; report: readonly Uint8Array[] },
): string {
  const hash = createHash('sha256').update('agon-split-1').update(secretBytes(secret));
  for (const keys of [rows.selection, rows.report]) {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(keys.length);
    hash.update(count);
    for (const key of keys.toSorted(Buffer.compare)) hash.update(key);
  }
  return hash.digest('hex');
}
