import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ModelFault } from '../model-fault.ts';
import { type ElementType, elementBits } from './element-type.ts';
import { type Header, parseHeader } from './header.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const parse = (text: string, dataBytes: number): Header => parseHeader(bytesOf(text), dataBytes);

/** The header, or undefined where it is refused. Anything else than a refusal is an error of the reader. */
function tryParse(bytes: Uint8Array, dataBytes: number): Header | undefined {
  try {
    return parseHeader(bytes, dataBytes);
  } catch (error) {
    if (error instanceof ModelFault && error.code === 'weights_malformed') return undefined;
    throw error;
  }
}

/** Tensors that follow each other from 0 to the end, each as long as its shape asks for. */
function expectSound(header: Header, dataBytes: number): void {
  let at = 0;
  for (const tensor of [...header.tensors.values()].sort((a, b) => a.start - b.start || a.end - b.end)) {
    expect(tensor.start).toBe(at);
    expect((tensor.end - tensor.start) * 8).toBe(
      tensor.shape.reduce((product, size) => product * size, elementBits[tensor.type]),
    );
    at = tensor.end;
  }
  expect(at).toBe(dataBytes);
}

const one = '{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}';

test('a header says type, shape and place of each tensor', () => {
  const header = parse(`{"__metadata__":{"format":"pt"},${one.slice(1)}   `, 24);
  expect(header.tensors.get('a')).toEqual({ name: 'a', type: 'F32', shape: [2, 3], start: 0, end: 24 });
  expect(header.metadata.get('format')).toBe('pt');
});

test.each([
  ['no JSON', 'hello', 0, /begin with \{/],
  ['a list', '[]', 0, /begin with \{/],
  ['spaces before', ` ${one}`, 24, /begin with \{/],
  ['text after', `${one}x`, 24, /text after/],
  ['an end that is missing', one.slice(0, -1), 24, /expected \}/],
  ['a tensor that comes twice', `{${one.slice(1, -1)},${one.slice(1)}`, 24, /comes twice/],
  ['a field that comes twice', '{"a":{"dtype":"U8","dtype":"U8","shape":[],"data_offsets":[0,1]}}', 1, /comes twice/],
  ['an unknown field', '{"a":{"dtype":"U8","shape":[],"data":[0,1]}}', 1, /unknown field/],
  ['no shape', '{"a":{"dtype":"U8","data_offsets":[0,1]}}', 1, /lacks/],
  ['an unknown dtype', '{"a":{"dtype":"Q4_1","shape":[],"data_offsets":[0,1]}}', 1, /unknown dtype/],
  ['a dtype lie', '{"a":{"dtype":"F16","shape":[2,3],"data_offsets":[0,24]}}', 24, /offsets/],
  ['a shape lie', '{"a":{"dtype":"F32","shape":[2,4],"data_offsets":[0,24]}}', 24, /offsets/],
  ['a negative size', '{"a":{"dtype":"F32","shape":[-2,-3],"data_offsets":[0,24]}}', 24, /whole number/],
  ['a broken size', '{"a":{"dtype":"F32","shape":[2.0,3],"data_offsets":[0,24]}}', 24, /whole number/],
  ['an exponent', '{"a":{"dtype":"F32","shape":[2e0,3],"data_offsets":[0,24]}}', 24, /whole number/],
  ['a size beyond all bounds', '{"a":{"dtype":"F32","shape":[99999999999999999],"data_offsets":[0,24]}}', 24, /whole/],
  [
    'a product beyond all bounds',
    '{"a":{"dtype":"F32","shape":[9999999999,9999999999],"data_offsets":[0,24]}}',
    24,
    /offsets/,
  ],
  ['offsets that run backwards', '{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[24,0]}}', 24, /offsets/],
  ['three offsets', '{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24,48]}}', 24, /more than 2/],
  ['half a byte', '{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,1]}}', 1, /offsets/],
  ['data that end too early', one, 23, /end at byte 24/],
  ['data that go on', one, 25, /end at byte 24/],
  ['a hole', '{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}', 2, /hole/],
  [
    'an overlap',
    '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}',
    3,
    /overlaps/,
  ],
  ['metadata of numbers', '{"__metadata__":{"step":1}}', 0, /expected a string/],
  ['a string that does not end', '{"a', 0, /does not end/],
  ['a bad escape', '{"\\x":1}', 0, /not valid/],
  [
    'too many dimensions',
    `{"a":{"dtype":"U8","shape":[${Array(17).fill(1).join(',')}],"data_offsets":[0,1]}}`,
    1,
    /more than 16/,
  ],
])('a header with %s is refused', (_, text, dataBytes, reason) => {
  expect(() => parse(text, dataBytes)).toThrow(ModelFault);
  expect(() => parse(text, dataBytes)).toThrow(reason);
});

test('a header that is not UTF-8 is refused', () => {
  expect(tryParse(Uint8Array.from([0x7b, 0x22, 0xff, 0x22]), 0)).toBeUndefined();
});

test('a name of a million characters is refused without reading on', () => {
  expect(() => parse(`{"${'a'.repeat(1_000_000)}":1}`, 0)).toThrow(/does not end within 1024/);
});

test('any bytes are refused or sound', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(64), (bytes, dataBytes) => {
      const header = tryParse(bytes, dataBytes);
      if (header) expectSound(header, dataBytes);
    }),
    { numRuns: 2_000 },
  );
});

const types = Object.keys(elementBits).filter((name) => elementBits[name as ElementType] % 8 === 0) as ElementType[];
const specs = fc.uniqueArray(
  fc.record({
    name: fc.string({ maxLength: 12, unit: 'grapheme' }).filter((name) => name !== '__metadata__'),
    type: fc.constantFrom(...types),
    shape: fc.array(fc.nat(4), { maxLength: 4 }),
  }),
  { selector: (spec) => spec.name, maxLength: 8 },
);

function layOut(list: { name: string; type: ElementType; shape: number[] }[]) {
  let at = 0;
  const entries = list.map(({ name, type, shape }) => {
    const start = at;
    at += shape.reduce((product, size) => product * size, elementBits[type]) / 8;
    return [name, { dtype: type, shape, data_offsets: [start, at] }] as const;
  });
  // Not an object literal: a tensor may be called __proto__.
  const text = `{${entries.map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`).join(',')}}`;
  return { text, dataBytes: at };
}

test('what a writer lays out is read back', () => {
  fc.assert(
    fc.property(specs, (list) => {
      const { text, dataBytes } = layOut(list);
      const header = parse(text, dataBytes);
      expect([...header.tensors.keys()]).toEqual(list.map((spec) => spec.name));
      expectSound(header, dataBytes);
    }),
  );
});

test('a header with some bytes changed, left out or doubled is refused or sound', () => {
  const edits = fc.array(
    fc.record({
      at: fc.nat(),
      kind: fc.constantFrom('set', 'cut', 'copy'),
      byte: fc.constantFrom(...bytesOf('0123456789{}[]",:eE.-\\ux \u0000')),
    }),
    { minLength: 1, maxLength: 4 },
  );
  fc.assert(
    fc.property(specs, edits, fc.integer({ min: -8, max: 8 }), (list, changes, shift) => {
      const { text, dataBytes } = layOut(list);
      const bytes = [...bytesOf(text)];
      for (const { at, kind, byte } of changes) {
        const index = at % bytes.length;
        if (kind === 'set') bytes[index] = byte;
        else if (kind === 'cut') bytes.splice(index, 1 + (at % 7));
        else bytes.splice(index, 0, ...bytes.slice(index, index + 1 + (at % 40)));
      }
      const size = Math.max(0, dataBytes + shift);
      const header = tryParse(Uint8Array.from(bytes), size);
      if (header) expectSound(header, size);
    }),
    { numRuns: 3_000 },
  );
});
