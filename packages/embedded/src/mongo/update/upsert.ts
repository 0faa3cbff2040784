import { ObjectId } from 'bson';
import { cloneValue, type Doc, isOperatorDocument } from '../values/document.ts';
import { setAt } from '../values/path.ts';
import { applyUpdate, isReplacement, type Update } from './apply.ts';

/** The equalities of a filter, as the document that an upsert starts from. */
export function equalitiesOf(filter: Doc): Doc {
  const document: Doc = {};
  collect(filter, document);
  return document;
}

function collect(filter: Doc, into: Doc): void {
  for (const [key, condition] of Object.entries(filter)) {
    if (!key.startsWith('$')) collectField(key, condition, into);
    else if (key === '$and' && Array.isArray(condition)) for (const part of condition) collect(part as Doc, into);
  }
}

function collectField(path: string, condition: unknown, into: Doc): void {
  const wanted = isOperatorDocument(condition) ? condition.$eq : condition;
  if (wanted !== undefined && !(wanted instanceof RegExp)) setAt(into, path, cloneValue(wanted));
}

/** The document that an upsert inserts when nothing fits its filter; it has an `_id`, made if none is given. */
export function upsertDocument(filter: Doc, update: Update, arrayFilters: Doc[]): Doc {
  const base = equalitiesOf(filter);
  const start = isReplacement(update) ? (base._id === undefined ? {} : { _id: base._id }) : base;
  const { _id, ...rest } = applyUpdate(start, update, { filter, arrayFilters, inserting: true });
  return { _id: _id ?? new ObjectId(), ...rest };
}
