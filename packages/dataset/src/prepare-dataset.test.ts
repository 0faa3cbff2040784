import { PartName } from '@agon/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DatasetSource } from './dataset-source.ts';
import { inspectDataset } from './inspect-dataset.ts';
import type { DatasetWish } from './inspection.ts';
import { prepareDataset } from './prepare-dataset.ts';
import { readPart, readPartTarget } from './read-part.ts';
import { recomputeCommitment } from './recompute-commitment.ts';
import { accepted, csvOf, inPieces, MemoryParts, plainHeader, plainRows, sourceOf } from './testing/sources.ts';

const secret = 'ab'.repeat(32);
const otherSecret = 'cd'.repeat(32);
const wish: DatasetWish = { target: 'label', ignoreColumns: ['id'] };

async function prepared(source: DatasetSource, options: { splitSecret?: string; wish?: DatasetWish } = {}) {
  const inspection = await accepted(source, options.wish ?? wish);
  const parts = new MemoryParts();
  const splitSecret = options.splitSecret ?? secret;
  const result = await prepareDataset(source, inspection, { splitSecret, write: parts.write });
  return { ...result, inspection, written: parts };
}

const manyRows = (count: number): string[][] =>
  Array.from({ length: count }, (_, index) => [
    String(index),
    ((index * 7919) % 100_003).toFixed(2),
    `colour ${index % 7}`,
    ['a', 'b', 'c'][(index * index) % 3] ?? '',
  ]);

/** Streams that are read to their end. */
async function* streamOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

describe('prepareDataset', () => {
  test('writes the parts that the inspection told, as canonical CSV', async () => {
    const result = await prepared(sourceOf(csvOf(plainHeader, plainRows(300))));
    const { parts: rows } = result.inspection.report;
    expect(rows).toEqual({ train: 180, selection: 60, report: 60 });
    expect(result.report).toEqual(result.inspection.report);
    for (const name of PartName.options) {
      expect(result.written.texts.get(name)?.split('\n')[0]).toBe('size,colour,label');
      expect(result.written.lines(name)).toHaveLength(rows[name]);
      expect(result.parts[name]).toMatchObject({ rows: rows[name], bytes: result.written.texts.get(name)?.length });
    }
    expect(result.commitment).toMatch(/^[0-9a-f]{64}$/);
  });

  test('keeps the classes in proportion in every part', async () => {
    const { written, report } = await prepared(sourceOf(csvOf(plainHeader, manyRows(3_000))));
    const share = (name: PartName, label: string) =>
      written.lines(name).filter((line) => line.endsWith(`,${label}`)).length / report.parts[name];
    for (const { name: label, rows } of report.classes ?? []) {
      for (const name of PartName.options) expect(Math.abs(share(name, label) - rows / 3_000)).toBeLessThan(0.01);
    }
  });

  test('keeps the order of the file in every part', async () => {
    const source = sourceOf(csvOf(plainHeader, plainRows(300)));
    const { written } = await prepared(source, { wish: { target: 'label' } });
    for (const name of PartName.options) {
      const ids = written.lines(name).map((line) => Number(line.split(',')[0]));
      expect(ids).toEqual(ids.toSorted((left, right) => left - right));
    }
  });

  test('gives the same split for the same secret, whatever the pieces, and another for another', async () => {
    const text = csvOf(plainHeader, plainRows(300));
    const first = await prepared(sourceOf(text));
    const again = await prepared(inPieces(text, 13));
    const other = await prepared(sourceOf(text), { splitSecret: otherSecret });
    expect(again.written.texts).toEqual(first.written.texts);
    expect(again.commitment).toBe(first.commitment);
    expect(other.written.texts.get('selection')).not.toBe(first.written.texts.get('selection'));
    expect(other.commitment).not.toBe(first.commitment);
  });

  test('gives the same split whatever the format and the spelling of numbers', async () => {
    const rows = plainRows(300);
    const json = rows.map(([id, size, colour, label]) => JSON.stringify({ id, size: Number(size), colour, label }));
    const spelled = rows.map(([id, size, colour, label]) => [id ?? '', `${size}0e0 `, colour ?? '', ` ${label}`]);
    const fromCsv = await prepared(sourceOf(csvOf(plainHeader, rows)));
    expect((await prepared(sourceOf(json.join('\n')))).written.texts).toEqual(fromCsv.written.texts);
    const respelled = spelled.map((cells) =>
      cells.map((cell) => cell.replace('.50e0', '.5e0').replace(/^(\d+)0e0/, '$1')),
    );
    expect((await prepared(sourceOf(csvOf(plainHeader, respelled)))).written.texts).toEqual(fromCsv.written.texts);
  });

  test('divides the different rows into parts without a row in two, for any table', async () => {
    const cell = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 6 }),
      fc.constantFrom('', 'NA', '1', '1.0', '"', ',', 'a\nb', ' x '),
      fc.float({ noNaN: true, noDefaultInfinity: true }).map(String),
    );
    const row = fc.tuple(cell, cell, fc.constantFrom('yes', 'no', 'perhaps'));
    const table = fc.array(row, { minLength: 130, maxLength: 180 });
    await fc.assert(
      fc.asyncProperty(table, fc.constantFrom(secret, otherSecret), async (rows, splitSecret) => {
        const source = sourceOf(csvOf(['a', 'b', 'label'], rows));
        const inspection = await inspectDataset(source, { target: 'label', task: 'tabular-classification' });
        fc.pre(inspection.ok);
        if (!inspection.ok || inspection.data !== 'table') return;
        const parts = new MemoryParts();
        const result = await prepareDataset(source, inspection, { splitSecret, write: parts.write });
        const keys: string[] = [];
        for (const name of PartName.options) {
          const {
            rows: count,
            columns,
            target,
          } = await readPart(streamOf(parts.texts.get(name) ?? ''), inspection.table);
          expect(count).toBe(inspection.report.parts[name]);
          for (let at = 0; at < count; at += 1) {
            keys.push(JSON.stringify([...columns.map((values) => String(values[at])), target[at]]));
          }
        }
        const { duplicates, without_target: without, empty } = inspection.report.rows_dropped;
        expect(keys).toHaveLength(inspection.report.rows - duplicates - without - empty);
        expect(new Set(keys).size).toBe(keys.length);
        expect(result.report.parts).toEqual(inspection.report.parts);
      }),
      { numRuns: 40 },
    );
  });

  test('refuses a source that is not what was inspected', async () => {
    const inspection = await accepted(sourceOf(csvOf(plainHeader, plainRows(300))));
    const parts = new MemoryParts();
    const options = { splitSecret: secret, write: parts.write };
    const shorter = sourceOf(csvOf(plainHeader, plainRows(290)));
    await expect(prepareDataset(shorter, inspection, options)).rejects.toMatchObject({ code: 'preparation_failed' });
    expect(parts.texts.size).toBe(0);
  });

  test('fails as a store fails, and lets the other stores go', async () => {
    const source = sourceOf(csvOf(plainHeader, manyRows(20_000)));
    const inspection = await accepted(source);
    for (const bad of PartName.options) {
      const ended: string[] = [];
      const write = async (name: PartName, csv: AsyncIterable<Uint8Array>) => {
        if (name === bad) throw new Error('no room');
        try {
          for await (const _ of csv);
        } finally {
          ended.push(name);
        }
        return { sha256: '0'.repeat(64), bytes: 0 };
      };
      await expect(prepareDataset(source, inspection, { splitSecret: secret, write })).rejects.toThrow('no room');
      expect(ended.toSorted()).toEqual(PartName.options.filter((name) => name !== bad).toSorted());
    }
  });

  test('fails as a store fails that stops in the middle', async () => {
    const source = sourceOf(csvOf(plainHeader, manyRows(50_000)));
    const inspection = await accepted(source);
    const write = async (name: PartName, csv: AsyncIterable<Uint8Array>) => {
      for await (const _ of csv) if (name === 'train') throw new Error('disk gone');
      return { sha256: '0'.repeat(64), bytes: 0 };
    };
    await expect(prepareDataset(source, inspection, { splitSecret: secret, write })).rejects.toThrow('disk gone');
  });

  test('waits for stores that are slow, without holding their part', async () => {
    const source = sourceOf(csvOf(plainHeader, manyRows(60_000)));
    const inspection = await accepted(source);
    const parts = new MemoryParts();
    const write = async (name: PartName, csv: AsyncIterable<Uint8Array>) => {
      const slowly = async function* () {
        for await (const piece of csv) {
          await new Promise((resolve) => setImmediate(resolve));
          yield piece;
        }
      };
      return parts.write(name, slowly());
    };
    const result = await prepareDataset(source, inspection, { splitSecret: secret, write });
    expect(parts.lines('train')).toHaveLength(result.parts.train.rows);
  });

  test('ends with the reason of an aborted signal', async () => {
    const source = sourceOf(csvOf(plainHeader, manyRows(50_000)));
    const inspection = await accepted(source);
    const abort = new AbortController();
    const write = async (_name: PartName, csv: AsyncIterable<Uint8Array>) => {
      for await (const _ of csv) abort.abort(new Error('cancelled'));
      return { sha256: '0'.repeat(64), bytes: 0 };
    };
    const options = { splitSecret: secret, write, signal: abort.signal };
    await expect(prepareDataset(source, inspection, options)).rejects.toThrow('cancelled');
  });
});

describe('recomputeCommitment', () => {
  test('gives the commitment of the split, from the dataset and what a receipt says', async () => {
    const source = sourceOf(csvOf(plainHeader, plainRows(300)));
    const { commitment, inspection } = await prepared(source);
    const said = { task: inspection.task, target: 'label', ignoreColumns: ['id'] };
    expect(await recomputeCommitment(source, { ...said, splitSecret: secret })).toBe(commitment);
    expect(await recomputeCommitment(source, { ...said, splitSecret: otherSecret })).not.toBe(commitment);
    expect(await recomputeCommitment(source, { ...said, ignoreColumns: [], splitSecret: secret })).not.toBe(commitment);
  });

  test('is another when a row was changed', async () => {
    const rows = plainRows(300);
    const { commitment } = await prepared(sourceOf(csvOf(plainHeader, rows)));
    const changed = rows.map(([id, size, colour, label]) => [
      id ?? '',
      `${Number(size) + 1}`,
      colour ?? '',
      label ?? '',
    ]);
    const source = sourceOf(csvOf(plainHeader, changed));
    expect(await recomputeCommitment(source, { ...wish, splitSecret: secret })).not.toBe(commitment);
  });

  test('refuses what cannot be learnt', async () => {
    const source = sourceOf(csvOf(plainHeader, plainRows(300)));
    const asked = recomputeCommitment(source, { target: 'lable', splitSecret: secret });
    await expect(asked).rejects.toMatchObject({ code: 'target_missing' });
  });
});

describe('readPart', () => {
  const table = {
    target: 'y',
    classes: ['no', 'yes'],
    columns: [
      { name: 'a', input: 'a', kind: 'number' as const },
      { name: 'b, c', input: 'column_1', kind: 'category' as const },
    ],
  };
  const text = 'a,"b, c",y\n1.5,x,yes\n,"q ""r""\ns",no\n-2e-7,,yes\n';

  test('gives numbers with NaN for missing, strings with nothing for missing, and class indices', async () => {
    const part = await readPart(streamOf(text), table);
    expect(part).toEqual({
      rows: 3,
      columns: [Float64Array.of(1.5, Number.NaN, -2e-7), ['x', 'q "r"\ns', '']],
      target: Int32Array.of(1, 0, 1),
    });
    expect(await readPartTarget(streamOf(text), table)).toEqual(part.target);
  });

  test('gives numbers as targets of regression', async () => {
    const numbers = 'a,"b, c",y\n1,x,2.5\n2,z,-1\n';
    expect((await readPart(streamOf(numbers), { ...table, classes: null })).target).toEqual(Float64Array.of(2.5, -1));
    expect(await readPartTarget(streamOf(numbers), { ...table, classes: null })).toEqual(Float64Array.of(2.5, -1));
  });

  test.each([
    ['another header', 'a,b,y\n1,x,yes\n'],
    ['a row that is too short', 'a,"b, c",y\n1,x\n'],
    ['a class of another table', 'a,"b, c",y\n1,x,perhaps\n'],
    ['a row without a target', 'a,"b, c",y\n1,x,\n'],
    ['nothing', ''],
  ])('refuses a part with %s', async (_name, csv) => {
    await expect(readPart(streamOf(csv), table)).rejects.toThrow(/part/);
  });
});
