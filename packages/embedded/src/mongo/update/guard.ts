import { CommandError } from '../errors.ts';
import { type Doc, isDocument } from '../values/document.ts';

/** What an operator needs to find at its path when something is there: mingo silently does nothing otherwise. */
const TARGETS: Record<string, { type: string; fits: (value: unknown) => boolean }> = {
  $inc: { type: 'number', fits: (value) => typeof value === 'number' },
  $mul: { type: 'number', fits: (value) => typeof value === 'number' },
  $push: { type: 'array', fits: Array.isArray },
  $addToSet: { type: 'array', fits: Array.isArray },
  $pop: { type: 'array', fits: Array.isArray },
  $pull: { type: 'array', fits: Array.isArray },
  $pullAll: { type: 'array', fits: Array.isArray },
};

const CREATING = new Set(['$set', '$inc', '$mul', '$min', '$max', '$push', '$addToSet', '$currentDate']);

/**
 * Refuses an update that MongoDB refuses and mingo passes over in silence. Throws PathNotViable when a field would have
 * to be created inside something that is not a document, TypeMismatch when the operator does not fit what is there.
 */
export function guardUpdate(document: Doc, update: Doc): void {
  for (const [operator, fields] of Object.entries(update)) {
    if (!isDocument(fields)) throw new CommandError('FailedToParse', `${operator} needs a document`);
    for (const path of Object.keys(fields)) {
      if (!path.includes('$')) guardPath(document, operator, path);
    }
  }
}

function guardPath(document: Doc, operator: string, path: string): void {
  const value = reach(document, path.split('.'), CREATING.has(operator));
  const target = TARGETS[operator];
  if (value === undefined || target === undefined || target.fits(value)) return;
  throw new CommandError('TypeMismatch', `cannot apply ${operator} to ${path}: it is not of type ${target.type}`);
}

/** The value at a path without positions; undefined when there is none. */
export function reach(document: Doc, parts: string[], creating = false): unknown {
  let value: unknown = document;
  for (const part of parts) {
    const open = isDocument(value) || (Array.isArray(value) && /^\d+$/.test(part));
    if (!open && creating)
      throw new CommandError('PathNotViable', `cannot create field '${part}' of path '${parts.join('.')}'`);
    if (!open) return undefined;
    value = Object.hasOwn(value as Doc, part) ? (value as Doc)[part] : undefined;
    if (value === undefined) return undefined;
  }
  return value;
}
