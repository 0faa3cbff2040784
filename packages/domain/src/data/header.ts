import type { DatasetNote } from '@agon/contracts';
import { limits } from '@agon/contracts';
import { type DatasetRefusal, listed, refusal, shown } from './problem.ts';

/**
 * The columns' names from a header: trimmed; a column without a name gets `column_<index>` (from 0).
 */
export function readHeader(
  raw: readonly string[],
): { ok: true; names: string[]; notes: DatasetNote[] } | DatasetRefusal {
  if (raw.length > limits.datasetColumnsMax)
    return refusal(
      'dataset_too_large',
      `The file has ${raw.length} columns; at most ${limits.datasetColumnsMax} are taken.`,
    );
  const notes: DatasetNote[] = [];
  const names = raw.map((name, index) => {
    if (name.trim() !== '') return name.trim();
    const given = `column_${index}`;
    notes.push({
      code: 'column_named',
      column: given,
      message: `Column ${index + 1} has no name; it is called ${given}.`,
    });
    return given;
  });
  const twice = [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
  if (twice.length > 0) {
    return refusal(
      'dataset_invalid',
      `Column names must differ; ${listed(twice.map(shown), 5)} ${twice.length === 1 ? 'stands' : 'stand'} more than once in the header.`,
      twice.slice(0, limits.datasetProblemsMax).map((name) => ({
        row: null,
        column: name,
        code: 'duplicate_column',
        message: 'Two columns have this name.',
        count: names.filter((other) => other === name).length,
      })),
    );
  }
  return { ok: true, names, notes };
}

const plainName = /^[A-Za-z_][A-Za-z0-9_]*$/;
const numberedName = /^column_\d+$/;
const outputNames = new Set(['label', 'probabilities', 'prediction']);

/**
 * The ONNX inputs' names, one per column of the file: the column's name where it is a plain identifier that no other
 * column has and that is no output's name, else `column_<index>` (from 0, counting every column of the file). A name
 * that looks like `column_<number>` always becomes that of its own index, so no two are the same.
 */
export function inputNames(names: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return names.map((name, index) => {
    const usable = plainName.test(name) && !numberedName.test(name) && !outputNames.has(name) && counts.get(name) === 1;
    return usable ? name : `column_${index}`;
  });
}
