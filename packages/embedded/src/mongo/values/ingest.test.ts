import { Binary, Code, Decimal128, Long, MaxKey, ObjectId, serialize, Timestamp, UUID } from 'bson';
import { describe, expect, it } from 'vitest';
import { ingest } from './ingest.ts';

describe('ingest', () => {
  it('gives JavaScript values, ObjectIds and Binaries', () => {
    const document = {
      n: 1,
      l: Long.fromNumber(2 ** 40),
      s: 'x',
      d: new Date(5),
      o: new ObjectId(),
      z: null,
      a: [{ r: /x/i }],
      t: true,
    };
    expect(ingest(serialize(document))).toEqual({ ...document, l: 2 ** 40 });
  });

  it('gives Binaries whose text is exact, and keeps what they are', () => {
    const { left, right, uuid } = ingest(
      serialize({ left: new Binary(Uint8Array.of(254)), right: new Binary(Uint8Array.of(255)), uuid: new UUID() }),
    );
    expect(String(left)).not.toBe(String(right));
    expect((ingest(serialize({ uuid })).uuid as Binary).sub_type).toBe(4);
  });

  it('keeps no window on the bytes that it read', () => {
    const bytes = serialize({ data: new Binary(Uint8Array.of(1, 2)), id: new ObjectId('010101010101010101010101') });
    const { data, id } = ingest(bytes);
    bytes.fill(255);
    expect([...(data as Binary).value()]).toEqual([1, 2]);
    expect(String(id)).toBe('010101010101010101010101');
  });

  it.each([
    ['a 64-bit integer beyond 2^53', Long.fromString('9007199254740993')],
    ['Decimal128', Decimal128.fromString('1')],
    ['Timestamp', new Timestamp({ t: 1, i: 1 })],
    ['MaxKey', new MaxKey()],
    ['Code', new Code('1')],
  ])('refuses %s, also deep inside', (name, value) => {
    const message = `deep is a ${name.replace(/^a /, '')}`;
    expect(() => ingest(serialize({ list: [{ deep: value }] }))).toThrow(message);
  });
});
