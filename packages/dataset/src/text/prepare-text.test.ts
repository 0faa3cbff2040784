import { createHash, createHmac } from 'node:crypto';
import { PartName } from '@agon/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inspectDataset } from '../inspect-dataset.ts';
import type { DatasetWish } from '../inspection.ts';
import { prepareDataset } from '../prepare-dataset.ts';
import { recomputeCommitment } from '../recompute-commitment.ts';
import { acceptedTexts, inPieces, jsonLines, MemoryParts, sourceOf } from '../testing/sources.ts';
import { chatLines, conversations, preferenceLines, reviews } from '../testing/texts.ts';
import { readTextPart, type TextTask } from './read-text-part.ts';

const secret = 'ab'.repeat(32);

async function* streamOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

async function prepared(lines: string, wish: DatasetWish = {}, splitSecret = secret) {
  const source = inPieces(lines, 10_000, 'data.jsonl');
  const inspection = await acceptedTexts(source, wish);
  const parts = new MemoryParts();
  const result = await prepareDataset(source, inspection, { splitSecret, write: parts.write });
  return { ...result, inspection, texts: parts.texts };
}

const linesOf = (text = ''): string[] => text.split('\n').slice(0, -1);

describe('prepareDataset of texts', () => {
  test.each<[TextTask, string, DatasetWish]>([
    ['chat', chatLines(250), {}],
    ['preference', preferenceLines(250), {}],
    ['text-classification', jsonLines(reviews(250)), { target: 'label' }],
  ])('writes parts of %s that are read back', async (task, lines, wish) => {
    const { parts, report, texts } = await prepared(lines, wish);
    expect(report.parts).toEqual({ train: 150, selection: 50, report: 50 });
    const all: object[] = [];
    for (const name of PartName.options) {
      const rows = await readTextPart(streamOf(texts.get(name) ?? ''), task);
      expect(parts[name]).toMatchObject({ rows: rows.length, bytes: Buffer.byteLength(texts.get(name) ?? '') });
      expect(rows).toHaveLength(report.parts[name]);
      all.push(...rows);
    }
    expect(new Set(all.map((row) => JSON.stringify(row))).size).toBe(250);
  });

  test('keeps the order of the file and spreads classes evenly', async () => {
    const { texts } = await prepared(jsonLines(reviews(500)), { target: 'label' });
    for (const [name, rows] of [
      ['train', 300],
      ['selection', 100],
      ['report', 100],
    ] as const) {
      const part = await readTextPart(streamOf(texts.get(name) ?? ''), 'text-classification');
      const numbers = part.map(({ text }) => Number(/number (\d+)/.exec(text)?.[1]));
      expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
      expect(part.filter(({ label }) => label === 'good')).toHaveLength(rows / 2);
    }
  });

  test('is of the secret: the same one splits the same, another one otherwise', async () => {
    const [once, again, other] = [
      await prepared(chatLines(200)),
      await prepared(chatLines(200)),
      await prepared(chatLines(200), {}, 'cd'.repeat(32)),
    ];
    expect(again.parts).toEqual(once.parts);
    expect(again.commitment).toBe(once.commitment);
    expect(other.texts.get('report')).not.toBe(once.texts.get('report'));
    const wish = { task: 'chat' as const, splitSecret: secret };
    expect(await recomputeCommitment(sourceOf(chatLines(200), 'data.jsonl'), wish)).toBe(once.commitment);
    expect(await recomputeCommitment(sourceOf(chatLines(201), 'data.jsonl'), wish)).not.toBe(once.commitment);
  });

  test('has the keys and the commitment that the documentation says', async () => {
    const { texts, commitment } = await prepared(chatLines(150));
    const keyOf = (line: string) =>
      createHmac('sha256', Buffer.from(secret, 'hex'))
        .update(
          JSON.stringify(JSON.parse(line), (_, value) =>
            typeof value === 'string' ? value.replace(/\s+/g, ' ') : value,
          ),
        )
        .digest();
    const hash = createHash('sha256').update('agon-split-1').update(Buffer.from(secret, 'hex'));
    for (const name of ['selection', 'report'] as const) {
      const keys = linesOf(texts.get(name)).map(keyOf).toSorted(Buffer.compare);
      const count = Buffer.alloc(4);
      count.writeUInt32BE(keys.length);
      hash.update(count).update(Buffer.concat(keys));
    }
    expect(commitment).toBe(hash.digest('hex'));
    const prefixes = (name: PartName) => linesOf(texts.get(name)).map((line) => keyOf(line).toString('hex'));
    const lastHidden = prefixes('report').toSorted().at(-1) ?? '';
    expect(prefixes('train').every((key) => key > lastHidden)).toBe(true);
  });

  test('no row of any texts is lost, doubled, or in two parts', async () => {
    const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(word, word), { minLength: 110, maxLength: 160 }), async (pairs) => {
        const rows = pairs.map(([prompt, completion]) => ({ prompt: `?${prompt}`, completion: `!${completion}` }));
        const source = sourceOf(jsonLines(rows), 'data.jsonl');
        const inspection = await inspectDataset(source, { task: 'chat' });
        if (!inspection.ok) {
          expect(inspection.error.code).toBe('dataset_too_small');
          return;
        }
        const parts = new MemoryParts();
        const { report } = await prepareDataset(source, inspection, { splitSecret: secret, write: parts.write });
        const kept = PartName.options.flatMap((name) => linesOf(parts.texts.get(name)));
        expect(new Set(kept).size).toBe(kept.length);
        expect(kept.length + report.rows_dropped.duplicates).toBe(rows.length);
      }),
      { numRuns: 25 },
    );
  });

  test('fails where the file is another one than was inspected', async () => {
    const inspection = await acceptedTexts(sourceOf(chatLines(150), 'data.jsonl'));
    const parts = new MemoryParts();
    const preparing = prepareDataset(sourceOf(chatLines(149), 'data.jsonl'), inspection, {
      splitSecret: secret,
      write: parts.write,
    });
    await expect(preparing).rejects.toMatchObject({ code: 'preparation_failed' });
  });
});

describe('readTextPart', () => {
  const line = JSON.stringify(conversations(1)[0]);

  test('refuses what is no part of the task', async () => {
    await expect(readTextPart(streamOf(`${line}\n`), 'preference')).rejects.toThrow('not of preference');
    await expect(readTextPart(streamOf(`${line}\nx\n`), 'chat')).rejects.toThrow('damaged');
    await expect(readTextPart(streamOf(`${line}\n${line}`), 'chat')).rejects.toThrow('ends within a row');
  });

  test('takes characters that are cut between pieces', async () => {
    const row = { label: 'ü', text: 'naïve 🦉' };
    const bytes = Buffer.from(jsonLines([row, row]));
    async function* bytewise() {
      for (const byte of bytes) yield Uint8Array.of(byte);
    }
    expect(await readTextPart(bytewise(), 'text-classification')).toEqual([row, row]);
  });
});
