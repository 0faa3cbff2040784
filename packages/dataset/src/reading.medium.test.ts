import { describe, expect, test } from 'vitest';
import type { DatasetSource } from './dataset-source.ts';
import { inspectDataset } from './inspect-dataset.ts';
import { prepareDataset } from './prepare-dataset.ts';

const mebibyte = 2 ** 20;
const rowsMax = 300_000;
const padding = 'some words that make the row longer, '.repeat(27);

/** A CSV of about 300 MB that is made while it is read, so that nothing but the reader holds it. */
const bigSource: DatasetSource = {
  filename: 'big.csv',
  bytes: rowsMax * (padding.length + 40),
  async *open() {
    yield Buffer.from('id,size,colour,notes,label\n');
    for (let row = 0; row < rowsMax; ) {
      let text = '';
      for (let count = 0; count < 100; count += 1, row += 1) {
        text += `${row},${((row * 7919) % 1_000_003) / 8},colour ${row % 9},"${padding}${row % 13}",${row % 3 === 0 ? 'a' : 'b'}\n`;
      }
      yield Buffer.from(text);
    }
  },
};

/** The most memory that a piece of work holds, in MiB above what there was before. */
async function growthOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage().rss;
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 20);
  await work();
  clearInterval(timer);
  return (most - before) / mebibyte;
}

describe('a dataset of 300 MB', () => {
  test('is read and split with flat memory', async () => {
    const wish = { target: 'label', ignoreColumns: ['id'] };
    let inspection: Awaited<ReturnType<typeof inspectDataset>> | undefined;
    const inspecting = await growthOf(async () => {
      inspection = await inspectDataset(bigSource, wish);
    });
    expect(inspection).toMatchObject({ ok: true, report: { rows: rowsMax } });
    expect(inspecting).toBeLessThan(220);
    const kept = inspection;
    if (!kept?.ok) return;
    const write = async (_name: string, csv: AsyncIterable<Uint8Array>) => {
      let bytes = 0;
      for await (const piece of csv) bytes += piece.byteLength;
      return { sha256: '0'.repeat(64), bytes };
    };
    const preparing = await growthOf(() => prepareDataset(bigSource, kept, { splitSecret: 'ab'.repeat(32), write }));
    expect(preparing).toBeLessThan(320);
  }, 240_000);
});
