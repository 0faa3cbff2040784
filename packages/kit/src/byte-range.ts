import { AppError } from '@agon/contracts';

/** Some of the bytes of a file; `end` is exclusive. */
export type ByteRange = { readonly start: number; readonly end: number };

/**
 * Reads one byte range (RFC 9110, 14.2); several, or another unit, count as none. `end` is exclusive.
 *
 * @throws AppError `range_not_satisfiable`.
 */
export function parseRange(header: string | undefined, bytes: number): ByteRange | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  const [, first = '', last = ''] = match ?? [];
  if (!match || (first === '' && last === '')) return undefined;
  const start = first === '' ? Math.max(0, bytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? bytes : Math.min(bytes, Number(last) + 1);
  if (first !== '' && last !== '' && Number(last) < start) return undefined;
  if (start >= bytes || (first === '' && Number(last) === 0)) {
    throw new AppError('range_not_satisfiable', `The file has ${bytes} bytes.`);
  }
  return { start, end };
}
