import { CommandError } from '../errors.ts';
import type { Direction } from '../query/sort.ts';
import { equalValues } from '../values/compare.ts';
import { type Doc, isDocument } from '../values/document.ts';

/** An index as it is declared, kept and listed. */
export interface IndexSpecification {
  name: string;
  key: Record<string, Direction>;
  unique?: true;
  sparse?: true;
  partialFilterExpression?: Doc;
  expireAfterSeconds?: number;
}

export const ID_INDEX: IndexSpecification = { name: '_id_', key: { _id: 1 } };

/** Accepted and without effect here. */
const IGNORED = new Set(['v', 'background', 'ns', 'hidden']);
const KNOWN = new Set(['name', 'key', 'unique', 'sparse', 'partialFilterExpression', 'expireAfterSeconds']);

/** One element of `createIndexes`. Throws BadValue for a kind of index or an option that we do not have. */
export function parseIndex(raw: Doc): IndexSpecification {
  const key = parseKey(raw.key);
  const fields = Object.entries(key);
  const unknown = Object.keys(raw).find((option) => !KNOWN.has(option) && !IGNORED.has(option));
  if (unknown) throw new CommandError('BadValue', `index option ${unknown} is not supported by the embedded server`);
  const seconds = raw.expireAfterSeconds;
  if (seconds !== undefined && (typeof seconds !== 'number' || seconds < 0 || fields.length !== 1)) {
    throw new CommandError('BadValue', 'expireAfterSeconds needs a number and an index of one field');
  }
  return {
    name: typeof raw.name === 'string' ? raw.name : fields.flat().join('_'),
    key,
    ...(raw.unique ? { unique: true } : {}),
    ...(raw.sparse ? { sparse: true } : {}),
    ...(isDocument(raw.partialFilterExpression) ? { partialFilterExpression: raw.partialFilterExpression } : {}),
    ...(seconds === undefined ? {} : { expireAfterSeconds: seconds }),
  };
}

function parseKey(raw: unknown): IndexSpecification['key'] {
  const fields = Object.entries(isDocument(raw) ? raw : {});
  if (fields.length === 0) throw new CommandError('BadValue', 'an index needs a key');
  for (const [field, direction] of fields) {
    if ((direction !== 1 && direction !== -1) || field.includes('$')) {
      throw new CommandError(
        'BadValue',
        `index ${field}: ${String(direction)} is not supported by the embedded server`,
      );
    }
  }
  return Object.fromEntries(fields) as IndexSpecification['key'];
}

/**
 * True when the wanted index is already there. Throws IndexKeySpecsConflict when its name is taken by another key, and
 * IndexOptionsConflict when the same key exists with other options.
 */
export function isPresent(wanted: IndexSpecification, existing: readonly IndexSpecification[]): boolean {
  for (const index of existing) {
    const sameKey = equalValues(wanted.key, index.key);
    if (wanted.name === index.name && equalValues(sorted(wanted), sorted(index))) return true;
    if (sameKey && index.name === ID_INDEX.name) return true;
    if (wanted.name === index.name) {
      throw new CommandError(
        'IndexKeySpecsConflict',
        `an index named ${index.name} exists with another key or other options`,
      );
    }
    if (sameKey && equalValues(wanted.partialFilterExpression, index.partialFilterExpression)) {
      throw new CommandError(
        'IndexOptionsConflict',
        `the same index exists with the name ${index.name} and may have other options`,
      );
    }
  }
  return false;
}

function sorted(index: IndexSpecification): Doc {
  return Object.fromEntries(Object.entries(index).sort(([left], [right]) => (left < right ? -1 : 1)));
}
