import { randomBytes } from 'node:crypto';
import { type IdKind, idPrefixes } from '@agon/contracts';

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** Encodes a whole number in Crockford's base32, small letters, left-padded. */
function base32(value: number, characters: number): string {
  let rest = value;
  let text = '';
  for (let index = 0; index < characters; index += 1) {
    text = alphabet.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

/** Makes ids; tests give their own. */
export type NewId = (kind: IdKind) => string;

/**
 * A random id that sorts by time: 9 characters of milliseconds, then 80 random bits, after the ULID specification.
 *
 * @param random gives `count` random bytes.
 */
export function idMaker(nowMs: () => number, random: (count: number) => Uint8Array = randomBytes): NewId {
  return (kind) => {
    const tail = Array.from(random(16), (byte) => alphabet.charAt(byte % 32)).join('');
    return idPrefixes[kind] + base32(nowMs(), 9) + tail;
  };
}
