import type { Predict } from '@agon/contracts';
import { parse } from 'csv-parse/sync';

type Row = Predict['rows'][number];

/** Rows of a small file to predict: JSON Lines where it begins with `{`, else CSV with a header; empty cells are missing. */
export function readRows(text: string): Row[] {
  if (text.trimStart().startsWith('{')) {
    return text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => JSON.parse(line) as Row);
  }
  const rows: Record<string, string>[] = parse(text, { columns: true, bom: true, skip_empty_lines: true });
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, cell === '' ? null : cell])),
  );
}
