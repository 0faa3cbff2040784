import { CommandError } from '../errors.ts';
import { compileProjection } from '../query/projection.ts';
import { parseSort } from '../query/sort.ts';
import type { Collection, Entry } from '../storage/collection.ts';
import { upsertDocument } from '../update/upsert.ts';
import type { Doc } from '../values/document.ts';
import type { Reply } from '../wire/reply.ts';
import { type Command, documentField, documentsField, ok } from './command.ts';
import { replaceEntry, updateOf } from './write.ts';

interface Outcome {
  value: Doc | null;
  lastErrorObject: Doc;
}

const NOTHING: Outcome = { value: null, lastErrorObject: { n: 0, updatedExisting: false } };

function removeOne(collection: Collection, entry: Entry | undefined): Outcome {
  if (entry === undefined) return { value: null, lastErrorObject: { n: 0 } };
  collection.remove(entry.record);
  return { value: entry.document, lastErrorObject: { n: 1 } };
}

function updateEntry(collection: Collection, entry: Entry | undefined, body: Doc): Outcome {
  const filter = documentField(body, 'query');
  const update = updateOf(body.update);
  const arrayFilters = documentsField(body, 'arrayFilters');
  const wantsNew = body.new === true;
  if (entry !== undefined) {
    const { updated } = replaceEntry(collection, entry, update, filter, arrayFilters);
    return { value: wantsNew ? updated : entry.document, lastErrorObject: { n: 1, updatedExisting: true } };
  }
  if (body.upsert !== true) return NOTHING;
  const document = upsertDocument(filter, update, arrayFilters);
  collection.insert(document);
  return {
    value: wantsNew ? document : null,
    lastErrorObject: { n: 1, updatedExisting: false, upserted: document._id },
  };
}

/** The compare-and-set of our models: finds, changes and answers in one step that nothing can come between. */
const findAndModify: Command = {
  fields: [
    'query',
    'sort',
    'update',
    'remove',
    'new',
    'upsert',
    'fields',
    'arrayFilters',
    'bypassDocumentValidation',
    'hint',
  ],
  run: ({ store, database }, body): Reply => {
    if ((body.remove === true) === (body.update !== undefined)) {
      throw new CommandError('FailedToParse', 'findAndModify needs either remove or update');
    }
    const project = compileProjection(documentField(body, 'fields'));
    const collection = store.require(database, body.findAndModify ?? body.findandmodify);
    const [entry] = collection.select({
      filter: documentField(body, 'query'),
      sort: parseSort(documentField(body, 'sort')),
      limit: 1,
    });
    const { value, lastErrorObject } =
      body.remove === true ? removeOne(collection, entry) : updateEntry(collection, entry, body);
    return ok({ lastErrorObject, value: value && project(value) });
  },
};

export const FIND_AND_MODIFY: Record<string, Command> = { findAndModify, findandmodify: findAndModify };
