import { CommandError } from '../errors.ts';
import { compareValues } from '../values/compare.ts';
import type { Doc } from '../values/document.ts';
import { elementsAt } from '../values/path.ts';

export type Direction = 1 | -1;
export type SortSpec = ReadonlyArray<readonly [field: string, direction: Direction]>;

/** `{ a: 1, b: -1 }` as pairs. Throws BadValue for any other direction. */
export function parseSort(sort: Doc | undefined): SortSpec {
  return Object.entries(sort ?? {}).map(([field, direction]) => {
    if (direction === 1 || direction === -1) return [field, direction];
    throw new CommandError('BadValue', `the sort direction of ${field} must be 1 or -1`);
  });
}

/** Of an array the smallest element counts when ascending and the largest when descending, as in MongoDB. */
function sortValue(document: Doc, parts: string[], direction: Direction): unknown {
  const values = elementsAt(document, parts);
  let best: unknown = values[0];
  for (const value of values) {
    if (compareValues(value, best) * direction < 0) best = value;
  }
  return best;
}

/** Sorts items stably by the documents in them; returns a new array. */
export function sortBy<Item>(items: readonly Item[], sort: SortSpec, documentOf: (item: Item) => Doc): Item[] {
  const fields = sort.map(([field, direction]) => ({ parts: field.split('.'), direction }));
  const keyed = items.map((item) => ({
    item,
    keys: fields.map(({ parts, direction }) => sortValue(documentOf(item), parts, direction)),
  }));
  keyed.sort((left, right) => {
    for (const [position, { direction }] of fields.entries()) {
      const order = compareValues(left.keys[position], right.keys[position]);
      if (order !== 0) return order * direction;
    }
    return 0;
  });
  return keyed.map(({ item }) => item);
}
