import { CommandError } from '../errors.ts';
import { ID_INDEX, parseIndex } from '../index/specification.ts';
import { compileFilter } from '../query/language.ts';
import type { Collection } from '../storage/collection.ts';
import { equalValues } from '../values/compare.ts';
import { isDocument } from '../values/document.ts';
import { type Command, type Context, countField, documentField, documentsField, ok } from './command.ts';

function existing({ store, database }: Context, name: unknown): Collection {
  const collection = store.find(database, name);
  if (collection) return collection;
  throw new CommandError('NamespaceNotFound', `ns does not exist: ${database}.${String(name)}`);
}

const create: Command = {
  fields: [],
  run: ({ store, database }, body) => {
    if (store.find(database, body.create)) {
      throw new CommandError('NamespaceExists', `Collection ${database}.${String(body.create)} already exists.`);
    }
    store.require(database, body.create);
    return ok();
  },
};

const createIndexes: Command = {
  fields: ['indexes', 'commitQuorum'],
  run: ({ store, database }, body) => {
    const specifications = documentsField(body, 'indexes').map(parseIndex);
    const isNew = store.find(database, body.createIndexes) === undefined;
    const collection = store.require(database, body.createIndexes);
    const numIndexesBefore = collection.specifications.length;
    store.createIndexes(collection, specifications);
    return ok({
      createdCollectionAutomatically: isNew,
      numIndexesBefore,
      numIndexesAfter: collection.specifications.length,
    });
  },
};

const listIndexes: Command = {
  fields: ['cursor'],
  run: (context, body) => {
    const documents = existing(context, body.listIndexes).specifications.map((specification) => ({
      v: 2,
      ...specification,
    }));
    const batchSize = countField(documentField(body, 'cursor'), 'batchSize');
    return {
      page: context.cursors.first({
        namespace: `${context.database}.${String(body.listIndexes)}`,
        documents,
        batchSize,
      }),
    };
  },
};

/** The names of the indexes that a `dropIndexes` means: a name, several, a key, or `*` for all but that of `_id`. */
function meantBy(index: unknown, collection: Collection): string[] {
  const all = collection.specifications;
  if (index === '*') return all.map(({ name }) => name).filter((name) => name !== ID_INDEX.name);
  if (Array.isArray(index)) return index.map(String);
  if (!isDocument(index)) return [String(index)];
  const byKey = all.find(({ key }) => equalValues(key, index));
  if (byKey) return [byKey.name];
  throw new CommandError('IndexNotFound', `can't find index with key: ${JSON.stringify(index)}`);
}

const dropIndexes: Command = {
  fields: ['index'],
  run: (context, body) => {
    const collection = existing(context, body.dropIndexes);
    const nIndexesWas = collection.specifications.length;
    context.store.dropIndexes(collection, meantBy(body.index, collection));
    return ok({ nIndexesWas });
  },
};

const listCollections: Command = {
  fields: ['filter', 'nameOnly', 'cursor', 'authorizedCollections'],
  run: ({ store, database, cursors }, body) => {
    const matches = compileFilter(documentField(body, 'filter'));
    const all = store.list(database).map(({ name }) => ({ name, type: 'collection' }));
    const details = { options: {}, info: { readOnly: false }, idIndex: { v: 2, ...ID_INDEX } };
    const documents = all.map((one) => (body.nameOnly === true ? one : { ...one, ...details })).filter(matches);
    const batchSize = countField(documentField(body, 'cursor'), 'batchSize');
    return { page: cursors.first({ namespace: `${database}.$cmd.listCollections`, documents, batchSize }) };
  },
};

const drop: Command = {
  fields: [],
  run: (context, body) => {
    const collection = context.store.find(context.database, body.drop);
    if (collection === undefined) return ok();
    const nIndexesWas = collection.specifications.length;
    context.store.drop(collection);
    return ok({ nIndexesWas, ns: collection.namespace });
  },
};

const dropDatabase: Command = {
  fields: [],
  run: ({ store, database }) => {
    for (const { collection } of store.list(database)) store.drop(collection);
    return ok({ dropped: database });
  },
};

export const SCHEMA_COMMANDS: Record<string, Command> = {
  create,
  createIndexes,
  listIndexes,
  dropIndexes,
  listCollections,
  drop,
  dropDatabase,
};
