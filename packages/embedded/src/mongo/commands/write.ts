import { ObjectId } from 'bson';
import { CommandError, errorFields, toCommandError } from '../errors.ts';
import type { Collection } from '../storage/collection.ts';
import { applyUpdate, isReplacement, type Update } from '../update/apply.ts';
import { upsertDocument } from '../update/upsert.ts';
import { equalValues } from '../values/compare.ts';
import { type Doc, isDocument } from '../values/document.ts';
import { type Command, documentField, documentsField, ok, refuseUnknown } from './command.ts';

const BATCH_FIELDS = ['ordered', 'bypassDocumentValidation'];

/** Runs the writes of one command; an error stops it when ordered, and is listed with the number of its write. */
function writeEach(body: Doc, writes: Doc[], write: (one: Doc, index: number) => void): Doc {
  const writeErrors: Doc[] = [];
  for (const [index, one] of writes.entries()) {
    try {
      write(one, index);
    } catch (cause) {
      writeErrors.push({ index, ...errorFields(toCommandError(cause)) });
      if (body.ordered !== false) break;
    }
  }
  return writeErrors.length > 0 ? { writeErrors } : {};
}

/** A document as it is stored: `_id` first, made when it is not there. Throws BadValue for an impossible `_id`. */
function withId(document: Doc): Doc {
  const { _id = new ObjectId(), ...rest } = document;
  if (Array.isArray(_id) || _id instanceof RegExp)
    throw new CommandError('BadValue', '_id cannot be an array or a regular expression');
  return { _id, ...rest };
}

const insert: Command = {
  fields: ['documents', ...BATCH_FIELDS],
  run: ({ store, database }, body) => {
    const collection = store.require(database, body.insert);
    let n = 0;
    const errors = writeEach(body, documentsField(body, 'documents'), (document) => {
      collection.insert(withId(document));
      n++;
    });
    return ok({ n, ...errors });
  },
};

/** The update of a command: a document or a pipeline. Throws FailedToParse. */
export function updateOf(value: unknown): Update {
  if (isDocument(value) || (Array.isArray(value) && value.every(isDocument))) return value as Update;
  throw new CommandError('FailedToParse', 'an update must be a document or a pipeline');
}

/** Stores what an update makes of a document; returns it. Nothing is written when nothing changed. */
export function replaceEntry(
  collection: Collection,
  entry: { record: number; document: Doc },
  update: Update,
  filter: Doc,
  arrayFilters: Doc[],
) {
  const updated = applyUpdate(entry.document, update, { filter, arrayFilters, inserting: false });
  const changed = !equalValues(updated, entry.document);
  if (changed) collection.replace(entry.record, updated);
  return { updated, changed };
}

function updateOne(collection: Collection, statement: Doc): { n: number; nModified: number; upserted?: unknown } {
  refuseUnknown(statement, ['q', 'u', 'multi', 'upsert', 'arrayFilters', 'hint'], 'update');
  const filter = documentField(statement, 'q');
  const update = updateOf(statement.u);
  const arrayFilters = documentsField(statement, 'arrayFilters');
  const multi = statement.multi === true;
  if (multi && isReplacement(update)) throw new CommandError('FailedToParse', 'a multi update needs update operators');
  const found = collection.select({ filter, limit: multi ? 0 : 1 });
  if (found.length === 0 && statement.upsert === true) {
    const document = withId(upsertDocument(filter, update, arrayFilters));
    collection.insert(document);
    return { n: 1, nModified: 0, upserted: document._id };
  }
  const changes = found.map((entry) => replaceEntry(collection, entry, update, filter, arrayFilters));
  return { n: found.length, nModified: changes.filter(({ changed }) => changed).length };
}

const update: Command = {
  fields: ['updates', ...BATCH_FIELDS],
  run: ({ store, database }, body) => {
    const collection = store.require(database, body.update);
    const total = { n: 0, nModified: 0 };
    const upserted: Doc[] = [];
    const errors = writeEach(body, documentsField(body, 'updates'), (statement, index) => {
      const done = updateOne(collection, statement);
      total.n += done.n;
      total.nModified += done.nModified;
      if (done.upserted !== undefined) upserted.push({ index, _id: done.upserted });
    });
    return ok({ ...total, ...(upserted.length > 0 ? { upserted } : {}), ...errors });
  },
};

const remove: Command = {
  fields: ['deletes', ...BATCH_FIELDS],
  run: ({ store, database }, body) => {
    const collection = store.find(database, body.delete);
    let n = 0;
    const errors = writeEach(body, documentsField(body, 'deletes'), (statement) => {
      refuseUnknown(statement, ['q', 'limit', 'hint'], 'delete');
      const found =
        collection?.select({ filter: documentField(statement, 'q'), limit: statement.limit === 1 ? 1 : 0 }) ?? [];
      for (const { record } of found) collection?.remove(record);
      n += found.length;
    });
    return ok({ n, ...errors });
  },
};

export const WRITE_COMMANDS: Record<string, Command> = { insert, update, delete: remove };
