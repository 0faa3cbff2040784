import { CommandError } from '../errors.ts';
import { runPipeline } from '../query/language.ts';
import { compileProjection } from '../query/projection.ts';
import { parseSort } from '../query/sort.ts';
import { distinctValues } from '../values/compare.ts';
import { cloneValue, type Doc } from '../values/document.ts';
import { elementsAt } from '../values/path.ts';
import { type Command, type Context, countField, documentField, documentsField, ok } from './command.ts';

const find: Command = {
  // hint, allowDiskUse and noCursorTimeout only steer how a result is found, never what it is.
  fields: [
    'filter',
    'sort',
    'projection',
    'skip',
    'limit',
    'batchSize',
    'singleBatch',
    'hint',
    'allowDiskUse',
    'noCursorTimeout',
  ],
  run: ({ store, cursors, database }, body) => {
    const selection = {
      filter: documentField(body, 'filter'),
      sort: parseSort(documentField(body, 'sort')),
      skip: countField(body, 'skip') ?? 0,
      limit: countField(body, 'limit') ?? 0,
    };
    const found = store.find(database, body.find)?.select(selection) ?? [];
    const page = cursors.first({
      namespace: `${database}.${String(body.find)}`,
      documents: found.map(({ document }) => document),
      project: compileProjection(documentField(body, 'projection')),
      batchSize: countField(body, 'batchSize'),
      singleBatch: body.singleBatch === true,
    });
    return { page };
  },
};

const getMore: Command = {
  fields: ['collection', 'batchSize'],
  run: ({ cursors }, body) => ({ page: cursors.next(Number(body.getMore), countField(body, 'batchSize')) }),
};

const killCursors: Command = {
  fields: ['cursors'],
  run: ({ cursors }, body) => {
    const ids = Array.isArray(body.cursors) ? body.cursors.map(Number) : [];
    const killed = ids.filter((id) => cursors.kill(id));
    return ok({
      cursorsKilled: killed,
      cursorsNotFound: ids.filter((id) => !killed.includes(id)),
      cursorsAlive: [],
      cursorsUnknown: [],
    });
  },
};

/** Stages that only pass documents on or make new ones: they may see the stored documents themselves. */
const READ_ONLY_STAGES = new Set(['$match', '$group', '$sort', '$limit', '$skip', '$count', '$sortByCount']);

function runAggregate({ store, database }: Context, name: unknown, pipeline: Doc[]): Doc[] {
  if (typeof name !== 'string')
    throw new CommandError('InvalidNamespace', 'the embedded server aggregates over collections only');
  const leading = pipeline[0]?.$match;
  const filter = leading === undefined ? {} : documentField(pipeline[0] as Doc, '$match');
  const rest = leading === undefined ? pipeline : pipeline.slice(1);
  const found = store.find(database, name)?.select({ filter }) ?? [];
  const readOnly = rest.every((stage) => READ_ONLY_STAGES.has(Object.keys(stage)[0] ?? ''));
  const documents = found.map(({ document }) => (readOnly ? document : cloneValue(document)));
  return runPipeline(documents, rest, (other) =>
    (store.find(database, other)?.select({ filter: {} }) ?? []).map(({ document }) => cloneValue(document)),
  );
}

const aggregate: Command = {
  fields: ['pipeline', 'cursor', 'allowDiskUse', 'hint'],
  run: (context, body) => {
    const documents = runAggregate(context, body.aggregate, documentsField(body, 'pipeline'));
    const batchSize = countField(documentField(body, 'cursor'), 'batchSize');
    return {
      page: context.cursors.first({ namespace: `${context.database}.${String(body.aggregate)}`, documents, batchSize }),
    };
  },
};

const count: Command = {
  fields: ['query', 'skip', 'limit', 'hint', 'fields'],
  run: ({ store, database }, body) => {
    const collection = store.find(database, body.count);
    const filter = documentField(body, 'query');
    const [skip, limit] = [countField(body, 'skip') ?? 0, countField(body, 'limit') ?? 0];
    if (Object.keys(filter).length === 0 && skip + limit === 0) return ok({ n: collection?.size ?? 0 });
    return ok({ n: collection?.select({ filter, skip, limit }).length ?? 0 });
  },
};

const distinct: Command = {
  fields: ['key', 'query', 'hint'],
  run: ({ store, database }, body) => {
    const parts = String(body.key).split('.');
    const found = store.find(database, body.distinct)?.select({ filter: documentField(body, 'query') }) ?? [];
    const values = found.flatMap(({ document }) => elementsAt(document, parts)).filter((value) => value !== undefined);
    return ok({ values: distinctValues(values) });
  },
};

export const READ_COMMANDS: Record<string, Command> = { find, getMore, killCursors, aggregate, count, distinct };
