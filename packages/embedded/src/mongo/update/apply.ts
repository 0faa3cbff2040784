import type { Modifier } from 'mingo/updater';
import { updateOne } from 'mingo/updater';
import { CommandError } from '../errors.ts';
import { runUpdatePipeline, UPDATE_LANGUAGE } from '../query/language.ts';
import { equalValues } from '../values/compare.ts';
import { cloneValue, type Doc, isDocument } from '../values/document.ts';
import { setAt } from '../values/path.ts';
import { guardUpdate, reach } from './guard.ts';

export type Update = Doc | Doc[];

export interface UpdateContext {
  /** The query, for the positional `$`. */
  filter: Doc;
  arrayFilters: Doc[];
  /** True on the insert of an upsert: `$setOnInsert` counts. */
  inserting: boolean;
}

/** True for `{ name: 'x' }`, a whole new document, and false for `{ $set: … }` or a pipeline. */
export function isReplacement(update: Update): update is Doc {
  if (Array.isArray(update)) return false;
  const operators = Object.keys(update).filter((key) => key.startsWith('$')).length;
  if (operators > 0 && operators < Object.keys(update).length) {
    throw new CommandError('DollarPrefixedFieldName', 'an update cannot mix operators and plain fields');
  }
  return operators === 0;
}

/**
 * The document that an update makes of another, which stays as it is. Throws BadValue or FailedToParse for what cannot
 * be applied and ImmutableField when `_id` would change.
 */
export function applyUpdate(document: Doc, update: Update, context: UpdateContext): Doc {
  const updated = change(document, update, context);
  if (document._id !== undefined && !equalValues(updated._id, document._id)) {
    throw new CommandError('ImmutableField', 'an update would change the immutable field _id');
  }
  return updated;
}

function change(document: Doc, update: Update, context: UpdateContext): Doc {
  if (Array.isArray(update)) return runUpdatePipeline(cloneValue(document), update);
  if (isReplacement(update)) return document._id === undefined ? { ...update } : { _id: document._id, ...update };
  const copy = cloneValue(document);
  const modifier = toModifier(update, context.inserting);
  if (Object.keys(modifier).length === 0) return copy;
  guardUpdate(copy, modifier);
  makeSlicedArrays(copy, modifier);
  const positional = JSON.stringify(Object.values(modifier).map((fields) => Object.keys(fields as Doc))).includes('$');
  const config = { arrayFilters: context.arrayFilters, cloneMode: 'copy' as const };
  updateOne([copy], positional ? context.filter : {}, modifier as Modifier<Doc>, config, UPDATE_LANGUAGE);
  makeSure(copy, (modifier.$set ?? {}) as Doc);
  return copy;
}

/** mingo passes over a document that has a field named `constructor`: what was to be set is set after all. */
function makeSure(document: Doc, set: Doc): void {
  for (const [path, value] of Object.entries(set)) {
    if (!path.includes('$') && !equalValues(reach(document, path.split('.')), value))
      setAt(document, path, cloneValue(value));
  }
}

/** mingo has no `$setOnInsert`: it is a `$set` when the document is new and nothing otherwise. */
function toModifier(update: Doc, inserting: boolean): Doc {
  const { $setOnInsert, ...rest } = update;
  for (const [operator, fields] of Object.entries(rest)) {
    if (isDocument(fields) && Object.keys(fields).length === 0) delete rest[operator];
  }
  if (!inserting || $setOnInsert === undefined) return rest;
  const set = { ...(rest.$set as Doc | undefined), ...($setOnInsert as Doc) };
  return Object.keys(set).length === 0 ? rest : { ...rest, $set: set };
}

/** mingo leaves `$slice` and `$sort` out when `$push` makes the array, so the array is made before. */
function makeSlicedArrays(document: Doc, modifier: Doc): void {
  for (const [path, spec] of Object.entries((modifier.$push ?? {}) as Doc)) {
    const bounded = isDocument(spec) && ('$slice' in spec || '$sort' in spec);
    if (bounded && !path.includes('$') && reach(document, path.split('.')) === undefined) setAt(document, path, []);
  }
}
