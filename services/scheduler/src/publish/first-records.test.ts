import fc from 'fast-check';
import { expect, test } from 'vitest';
import { firstRecords } from './first-records.ts';

async function* inPieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function textOf(source: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const cellOf = (text: string): string => `"${text.replaceAll('"', '""')}"`;

test('whole records come out, however the bytes are cut', async () => {
  const cell = fc.string({ unit: fc.constantFrom('a', '"', '\n', ',', 'é') });
  const records = fc.array(fc.array(cell, { minLength: 1, maxLength: 3 }), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(
      records,
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 7 }),
      async (rows, size, count) => {
        const lines = rows.map((cells) => `${cells.map(cellOf).join(',')}\n`);
        const found = await textOf(firstRecords(inPieces(lines.join(''), size), { count, bytesMax: 1_000 }));
        expect(found).toBe(lines.slice(0, count).join(''));
      },
    ),
  );
});

test('a record that is too long is left out, the header never', async () => {
  const long = 'x'.repeat(100);
  expect(await textOf(firstRecords(inPieces(`a\n${long}\n1\n`, 10), { count: 3, bytesMax: 20 }))).toBe('a\n');
  expect(await textOf(firstRecords(inPieces(`${long}\n1\n`, 10), { count: 1, bytesMax: 20 }))).toBe(`${long}\n`);
});
