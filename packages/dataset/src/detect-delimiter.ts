import { CsvScanner } from './csv-scanner.ts';

const delimiters = [',', ';', '\t', '|'] as const;
/** Enough records to see how many cells they have; the last one of the head may be cut. */
const recordsMax = 50;

/**
 * The delimiter that divides the header into most cells, weighed by the share of the first records that have as many.
 * A comma where none divides them.
 */
export function detectDelimiter(head: string): string {
  let best = { delimiter: ',', weight: 0 };
  for (const delimiter of delimiters) {
    const { agreeing, cells } = tryDelimiter(head, delimiter);
    const weight = cells < 2 ? 0 : agreeing * cells;
    if (weight > best.weight) best = { delimiter, weight };
  }
  return best.delimiter;
}

function tryDelimiter(head: string, delimiter: string): { agreeing: number; cells: number } {
  const counts: number[] = [];
  const scanner = new CsvScanner(delimiter, {
    onRecord: (cells) => void counts.push(counts.length > 0 && cells.some(isTorn) ? -1 : cells.length),
    onBadRecord: () => void counts.push(-1),
  });
  scanner.push(head);
  if (counts.length === 0) scanner.end();
  const seen = counts.slice(0, recordsMax);
  const cells = seen[0] ?? 1;
  return { cells, agreeing: seen.filter((count) => count === cells).length / Math.max(1, seen.length) };
}

/** Half of a quoted cell: the delimiter that was tried stands inside the quotes. */
const isTorn = (cell: string): boolean => (cell.split('"').length - 1) % 2 === 1;
