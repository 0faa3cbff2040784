/** Datasets in memory for tests, in pieces of any size, and stores for their parts. */
import { createHash } from 'node:crypto';
import type { BlobRef, PartName } from '@agon/contracts';
import { csvRecord } from '../canonical-csv.ts';
import { type DatasetSource, sourceOfBytes } from '../dataset-source.ts';
import { inspectDataset } from '../inspect-dataset.ts';
import type { DatasetWish, InspectionRefusal, TableInspection, TextInspection } from '../inspection.ts';

/** A dataset from text, or from bytes. */
export const sourceOf = (content: string | Uint8Array, filename = 'data.csv'): DatasetSource =>
  sourceOfBytes({ filename, bytes: typeof content === 'string' ? Buffer.from(content, 'utf8') : content });

/** The same bytes, in pieces of so many bytes. */
export const inPieces = (content: string | Uint8Array, bytes: number, filename = 'data.csv'): DatasetSource => {
  const whole = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  return {
    filename,
    bytes: whole.byteLength,
    async *open() {
      for (let at = 0; at < whole.byteLength; at += bytes) yield whole.subarray(at, at + bytes);
    },
  };
};

/** CSV text with a header and rows. */
export const csvOf = (header: readonly string[], rows: readonly (readonly string[])[]): string =>
  [header, ...rows].map((cells) => csvRecord(cells)).join('');

/** Rows `1,1.5,red,yes` and so on, all different, of two classes. */
export const plainRows = (count: number): string[][] =>
  Array.from({ length: count }, (_, index) => [
    String(index + 1),
    String(((index * 37) % 101) / 2),
    ['red', 'green', 'blue'][index % 3] ?? '',
    index % 2 === 0 ? 'yes' : 'no',
  ]);

export const plainHeader = ['id', 'size', 'colour', 'label'] as const;

/** Keeps parts in memory, as an artifact store keeps them on disk. */
export class MemoryParts {
  readonly texts = new Map<PartName, string>();

  readonly write = async (name: PartName, csv: AsyncIterable<Uint8Array>): Promise<BlobRef> => {
    const pieces: Uint8Array[] = [];
    for await (const piece of csv) pieces.push(piece);
    const whole = Buffer.concat(pieces);
    this.texts.set(name, whole.toString('utf8'));
    return { sha256: createHash('sha256').update(whole).digest('hex'), bytes: whole.byteLength };
  };

  /** The lines of a part without its header. */
  lines(name: PartName): string[] {
    return (this.texts.get(name) ?? '').split('\n').slice(1, -1);
  }
}

/** What most tests wish of such rows. */
const plainWish: DatasetWish = { target: 'label', ignoreColumns: ['id'] };

/** Inspects a table that is good. */
export async function accepted(source: DatasetSource, wish: DatasetWish = plainWish): Promise<TableInspection> {
  const inspection = await inspectDataset(source, wish);
  if (!inspection.ok || inspection.data !== 'table') throw new Error(`refused: ${JSON.stringify(inspection)}`);
  return inspection;
}

/** Inspects a text dataset that is good. */
export async function acceptedTexts(source: DatasetSource, wish: DatasetWish = {}): Promise<TextInspection> {
  const inspection = await inspectDataset(source, wish);
  if (!inspection.ok || inspection.data !== 'text') throw new Error(`refused: ${JSON.stringify(inspection)}`);
  return inspection;
}

/** JSON Lines of rows. */
export const jsonLines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/** Inspects a dataset that is bad. */
export async function refused(source: DatasetSource, wish: DatasetWish = plainWish): Promise<InspectionRefusal> {
  const inspection = await inspectDataset(source, wish);
  if (inspection.ok) throw new Error('accepted');
  return inspection;
}

/** The text of a CSV file from its lines. */
export const plainText = (lines: readonly string[]): string => `${plainHeader.join(',')}\n${lines.join('\n')}\n`;

export const plainLines = (count: number): string[] => plainRows(count).map((cells) => cells.join(','));
