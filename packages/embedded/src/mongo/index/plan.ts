import type { SortSpec } from '../query/sort.ts';
import { distinctValues, equalValues } from '../values/compare.ts';
import { type Doc, isDocument, isOperatorDocument } from '../values/document.ts';
import type { CollectionIndex, IndexRange } from './collection-index.ts';

/** What a filter says of one field: the only values it may have, or bounds (inclusive, hence loose). */
interface Bounds {
  points?: unknown[];
  low?: unknown;
  high?: unknown;
}

/** How to find the candidates: ranges of an index, and whether they come in the wanted order. */
export interface Plan {
  index: CollectionIndex;
  ranges: IndexRange[];
  ordered: boolean;
  reversed: boolean;
}

const RANGES_MAX = 10_000;

/** Bounds by field. They may be wider than the filter, never narrower: each candidate is tested again. */
export function boundsOf(filter: Doc, bounds = new Map<string, Bounds>()): Map<string, Bounds> {
  for (const [field, condition] of Object.entries(filter)) {
    if (field === '$and' && Array.isArray(condition)) {
      for (const part of condition) if (isDocument(part)) boundsOf(part, bounds);
    } else if (!field.startsWith('$')) {
      const found = conditionBounds(condition);
      bounds.set(field, { ...found, ...bounds.get(field) });
    }
  }
  return bounds;
}

function conditionBounds(condition: unknown): Bounds {
  if (!isOperatorDocument(condition)) return usable([condition]) ? { points: [condition] } : {};
  const { $eq, $in, $gt, $gte, $lt, $lte } = condition;
  const points = $eq === undefined ? $in : [$eq];
  const low = $gt ?? $gte;
  const high = $lt ?? $lte;
  return {
    ...(Array.isArray(points) && usable(points) ? { points } : {}),
    ...(low !== undefined && low !== null && usable([low]) ? { low } : {}),
    ...(high !== undefined && high !== null && usable([high]) ? { high } : {}),
  };
}

/** An array may equal an element or the whole, and a pattern many strings: neither is a point of an index. */
function usable(values: unknown[]): boolean {
  return values.every((value) => !Array.isArray(value) && !(value instanceof RegExp));
}

/** The index that narrows most; of equals, the one that also gives the order. Undefined when no index helps. */
export function choosePlan(indexes: readonly CollectionIndex[], filter: Doc, sort: SortSpec): Plan | undefined {
  const bounds = boundsOf(filter);
  let best: { plan: Plan | undefined; score: number } = { plan: undefined, score: 0 };
  for (const index of indexes) {
    const plan = planFor(index, filter, bounds, sort);
    const score = plan === undefined ? 0 : scoreOf(plan);
    if (score > best.score) best = { plan, score };
  }
  return best.plan;
}

/** A whole unique key leads to one document; then each equality counts, then a bound, then the order. */
function scoreOf({ index, ranges, ordered }: Plan): number {
  const { leading, low, high } = ranges[0] ?? { leading: [] };
  const single = index.unique && leading.length === index.fields.length;
  return (single ? 100 : 0) + leading.length * 4 + (low === undefined && high === undefined ? 0 : 2) + Number(ordered);
}

function planFor(index: CollectionIndex, filter: Doc, bounds: Map<string, Bounds>, sort: SortSpec): Plan | undefined {
  if (!impliesPartial(filter, index.specification.partialFilterExpression)) return undefined;
  let leading: unknown[][] = [[]];
  let used = 0;
  for (const { name } of index.fields) {
    const points = bounds.get(name)?.points;
    if (points === undefined || leading.length * points.length > RANGES_MAX) break;
    const distinct = distinctValues(points);
    leading =
      distinct.length === 1
        ? leading.map((key) => [...key, distinct[0]])
        : leading.flatMap((key) => distinct.map((point) => [...key, point]));
    used++;
  }
  const next = nextBounds(index, bounds, used);
  if (index.specification.sparse && !provesPresence(leading, next)) return undefined;
  const order = leading.length === 1 && !index.multikey ? orderOf(index, sort, used) : undefined;
  const ranges = leading.map((key) => ({ leading: key.map((value) => value ?? null), ...next }));
  return { index, ranges, ordered: order !== undefined, reversed: order === 'reversed' };
}

/** With several keys a document, two bounds may be met by two elements, so only one bound may be used. */
function nextBounds(index: CollectionIndex, bounds: Map<string, Bounds>, used: number): Omit<IndexRange, 'leading'> {
  const field = index.fields[used];
  const { low, high } = (field && bounds.get(field.name)) ?? {};
  if (low !== undefined && (high === undefined || index.multikey)) return { low };
  if (high !== undefined && low === undefined) return { high };
  return low === undefined ? {} : { low, high };
}

/** A sparse index has a document when one of its fields is there: shown by an equality with a value, or a range. */
function provesPresence(leading: unknown[][], next: Omit<IndexRange, 'leading'>): boolean {
  if (next.low !== undefined || next.high !== undefined) return true;
  return leading.every((key) => key.some((value) => value !== null && value !== undefined));
}

/** A partial index may be used when each of its conditions stands word for word in the filter. */
function impliesPartial(filter: Doc, partial: Doc | undefined): boolean {
  return Object.entries(partial ?? {}).every(
    ([field, condition]) => field in filter && equalValues(filter[field], condition),
  );
}

/** Whether the fields after the fixed ones are the sort, all the same way round or all reversed. */
function orderOf(index: CollectionIndex, sort: SortSpec, used: number): 'forward' | 'reversed' | undefined {
  if (sort.length === 0) return undefined;
  const free = sort.filter(([field]) => !index.fields.slice(0, used).some(({ name }) => name === field));
  const rest = index.fields.slice(used, used + free.length);
  if (rest.length < free.length) return undefined;
  const signs = new Set(
    free.map(([field, direction], position) =>
      rest[position]?.name === field ? direction * rest[position].direction : 0,
    ),
  );
  if (signs.size > 1 || signs.has(0)) return undefined;
  return signs.has(-1) ? 'reversed' : 'forward';
}
