import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createSealer, SealError } from './sealer.ts';

const key = randomBytes(32);
const sealer = createSealer(key);

test('what was sealed opens with the same key and context, and looks different each time', () => {
  const [one, other] = [sealer.seal('hf_secret', 'push_1'), sealer.seal('hf_secret', 'push_1')];
  expect(sealer.open(one, 'push_1')).toBe('hf_secret');
  expect(one).not.toBe(other);
  expect(Buffer.from(one, 'base64url').toString('latin1')).not.toContain('secret');
});

test('another key, another context or a changed byte open nothing', () => {
  const sealed = sealer.seal('hf_secret', 'push_1');
  expect(() => sealer.open(sealed, 'push_2')).toThrow(SealError);
  expect(() => createSealer(randomBytes(32)).open(sealed, 'push_1')).toThrow(SealError);
  const bytes = Buffer.from(sealed, 'base64url');
  for (let index = 0; index < bytes.length; index += 1) {
    const changed = Buffer.from(bytes);
    changed[index] = (changed[index] ?? 0) ^ 1;
    expect(() => sealer.open(changed.toString('base64url'), 'push_1')).toThrow(SealError);
  }
  expect(() => sealer.open('', 'push_1')).toThrow(SealError);
});

test('a key of another size is refused', () => {
  expect(() => createSealer(randomBytes(16))).toThrow('32 bytes, not 16');
});
