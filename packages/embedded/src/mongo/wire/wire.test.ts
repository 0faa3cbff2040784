import { deserialize, serialize } from 'bson';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CommandError } from '../errors.ts';
import { FrameReader, WireError } from './frames.ts';
import { parseMessage } from './message.ts';
import { encodeReply } from './reply.ts';

function message(opcode: number, body: Buffer, requestId = 7): Buffer {
  const header = Buffer.alloc(16);
  header.writeInt32LE(16 + body.length, 0);
  header.writeInt32LE(requestId, 4);
  header.writeInt32LE(opcode, 12);
  return Buffer.concat([header, body]);
}

const int32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
};

function opMsg(
  body: object,
  { flags = 0, sequences = {} as Record<string, object[]>, tail = Buffer.alloc(0) } = {},
): Buffer {
  const sections = Object.entries(sequences).map(([name, documents]) => {
    const content = Buffer.concat([Buffer.from(`${name}\0`), ...documents.map((document) => serialize(document))]);
    return Buffer.concat([Buffer.of(1), int32(content.length + 4), content]);
  });
  return message(2013, Buffer.concat([int32(flags), Buffer.of(0), serialize(body), ...sections, tail]));
}

describe('FrameReader', () => {
  it('gives back whole messages, in whatever pieces they come', () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(bodies, fc.array(fc.nat({ max: 400 }), { maxLength: 12 }), (contents, cuts) => {
        const messages = contents.map((content, index) => message(2013, Buffer.from(content), index));
        const stream = Buffer.concat(messages);
        const reader = new FrameReader();
        const received: Buffer[] = [];
        const places = [...cuts.map((cut) => cut % (stream.length + 1)), stream.length].sort(
          (left, right) => left - right,
        );
        let from = 0;
        for (const place of places) {
          received.push(...reader.push(stream.subarray(from, place)));
          from = place;
        }
        expect(received).toEqual(messages);
      }),
    );
  });

  it.each([0, 15, -1, 48_000_001, 0x7fffffff])('refuses a message that says it has %i bytes', (length) => {
    expect(() => new FrameReader().push(int32(length))).toThrow(WireError);
  });
});

describe('parseMessage', () => {
  it('reads the body and the sequences of documents beside it', () => {
    const parsed = parseMessage(
      opMsg({ insert: 'jobs', $db: 'agon' }, { sequences: { documents: [{ a: 1 }, { a: 2 }] } }),
    );
    expect(parsed).toEqual({
      requestId: 7,
      legacy: false,
      wantsReply: true,
      body: { insert: 'jobs', $db: 'agon', documents: [{ a: 1 }, { a: 2 }] },
    });
  });

  it('wants no reply when more is to come, and passes over a checksum', () => {
    const parsed = parseMessage(opMsg({ ping: 1 }, { flags: 3, tail: Buffer.alloc(4, 9) }));
    expect(parsed).toMatchObject({ wantsReply: false, body: { ping: 1 } });
  });

  it('reads the legacy handshake', () => {
    const query = Buffer.concat([
      int32(4),
      Buffer.from('admin.$cmd\0'),
      int32(0),
      int32(-1),
      serialize({ ismaster: 1 }),
    ]);
    expect(parseMessage(message(2004, query))).toMatchObject({ legacy: true, body: { ismaster: 1, $db: 'admin' } });
  });

  it('throws WireError, or CommandError for a type it does not hold, for any garbage, and nothing else', () => {
    const valid = opMsg(
      { find: 'jobs', filter: { a: [1, 'x', null] }, $db: 'agon' },
      { sequences: { documents: [{ a: 1 }] } },
    );
    const damage = fc.array(fc.tuple(fc.integer({ min: 16, max: valid.length - 1 }), fc.nat({ max: 255 })), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(damage, fc.integer({ min: 16, max: valid.length }), (changes, length) => {
        const damaged = Buffer.from(valid.subarray(0, length));
        for (const [place, byte] of changes) if (place < damaged.length) damaged[place] = byte;
        try {
          parseMessage(damaged);
        } catch (cause) {
          expect(cause).toBeInstanceOf(Error);
          expect(
            cause instanceof WireError ||
              cause instanceof CommandError ||
              cause instanceof RangeError ||
              (cause as Error).name === 'BSONError',
          ).toBe(true);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('encodeReply', () => {
  const body = (reply: Buffer, from: number) => deserialize(reply.subarray(from));

  it('answers a message in kind, and the legacy handshake in its own', () => {
    const reply = encodeReply({ document: { ok: 1 } }, { requestId: 7, legacy: false });
    expect([reply.readInt32LE(0), reply.readInt32LE(8), reply.readInt32LE(12)]).toEqual([reply.length, 7, 2013]);
    expect(body(reply, 21)).toEqual({ ok: 1 });
    const legacy = encodeReply({ document: { ok: 1 } }, { requestId: 7, legacy: true });
    expect([legacy.readInt32LE(12), legacy.readInt32LE(32)]).toEqual([1, 1]);
    expect(body(legacy, 36)).toEqual({ ok: 1 });
  });

  it('puts documents that are bytes already into a page', () => {
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(fc.stringMatching(/^[a-z]+$/), fc.string(), { noNullPrototype: true })),
        fc.maxSafeNat(),
        (documents, id) => {
          const page = {
            id,
            namespace: 'agon.jöbs',
            field: 'nextBatch',
            documents: documents.map((one) => serialize(one)),
          } as const;
          const reply = encodeReply({ page }, { requestId: 1, legacy: false });
          expect(body(reply, 21)).toEqual({
            cursor: { nextBatch: documents, id: expect.anything(), ns: 'agon.jöbs' },
            ok: 1,
          });
          expect(Number(body(reply, 21).cursor.id)).toBe(id);
        },
      ),
    );
  });
});
