import { Aggregator } from 'mingo/aggregator';
import { Context, ProcessingMode } from 'mingo/core';
import { Lazy } from 'mingo/lazy';
import * as accumulators from 'mingo/operators/accumulator';
import * as expressions from 'mingo/operators/expression';
import * as stages from 'mingo/operators/pipeline';
import * as projections from 'mingo/operators/projection';
import * as queries from 'mingo/operators/query';
import { Query } from 'mingo/query';
import type { Options } from 'mingo/types';
import { CommandError } from '../errors.ts';
import type { Doc } from '../values/document.ts';
import { isDocument } from '../values/document.ts';
import { EXPRESSION_OPERATORS } from './expressions.ts';
import { QUERY_OPERATORS } from './operators.ts';
import { parseSort, sortBy } from './sort.ts';

const { $where: _where, ...safeQueries } = queries as Record<string, unknown>;
const { $function: _function, ...safeExpressions } = expressions as Record<string, unknown>;
const { $accumulator: _accumulator, ...safeAccumulators } = accumulators as Record<string, unknown>;

function sortStage(documents: ReturnType<typeof Lazy>, spec: Doc) {
  return documents.transform((all) => Lazy(sortBy(all as Doc[], parseSort(spec), (document) => document)));
}

/** Only what our models use; a stage that is not here is refused by name. */
const STAGES = {
  $match: stages.$match,
  $group: stages.$group,
  $sort: sortStage,
  $project: stages.$project,
  $limit: stages.$limit,
  $skip: stages.$skip,
  $unwind: stages.$unwind,
  $count: stages.$count,
  $lookup: stages.$lookup,
  $facet: stages.$facet,
  $addFields: stages.$addFields,
  $set: stages.$set,
  $unset: stages.$unset,
  $replaceRoot: stages.$replaceRoot,
  $replaceWith: stages.$replaceWith,
  $sortByCount: stages.$sortByCount,
};

type Operators = Parameters<typeof Context.init>[0];

const UPDATE_STAGES = new Set(['$addFields', '$set', '$project', '$unset', '$replaceRoot', '$replaceWith']);

/** mingo's operators with ours in place of those that differ from MongoDB; nothing that runs a client's JavaScript. */
const CONTEXT = Context.init({
  query: { ...safeQueries, ...QUERY_OPERATORS },
  expression: { ...safeExpressions, ...EXPRESSION_OPERATORS },
  accumulator: safeAccumulators,
  pipeline: STAGES,
  projection: projections,
} as unknown as Operators);

/** What a pipeline gets. */
const LANGUAGE: Options = {
  idKey: '_id',
  processingMode: ProcessingMode.CLONE_OFF,
  useStrictMode: true,
  scriptEnabled: false,
  failOnError: true,
  context: CONTEXT,
};

/**
 * The same as mingo keeps it. mingo copies its tables of operators on every call, which costs more than most queries,
 * unless it gets options that it has made itself; it hands those only to operators, so an operator fetches them once.
 */
function prepare(options: Options): Options {
  let prepared = options;
  const fetch = (_selector: string, _value: unknown, made: Options) => {
    prepared = made;
    return () => true;
  };
  const context = Context.from(Context.init({ query: { $prepare: fetch } }), options.context);
  new Query({ any: { $prepare: true } }, { ...options, context });
  return prepared;
}
const PREPARED = prepare(LANGUAGE);

/**
 * What an update gets: only what its filters of arrays need, because here mingo always copies. `idKey` names no field:
 * whether `_id` changed is checked afterwards.
 */
export const UPDATE_LANGUAGE: Options = {
  ...LANGUAGE,
  idKey: '\u0000',
  context: Context.init({ query: { ...safeQueries, ...QUERY_OPERATORS } } as unknown as Operators),
};

/** A filter as a predicate. Unknown operators are refused here, before any document is looked at. */
export function compileFilter(filter: Doc): (document: Doc) => boolean {
  if (Object.keys(filter).length === 0) return () => true;
  const query = new Query(filter, PREPARED);
  return (document) => query.test(document);
}

export type Resolver = (collection: string) => Doc[];

/** Runs stages over documents that the caller owns. `$lookup` gets its other collection from `resolve`. */
export function runPipeline(documents: Doc[], pipeline: Doc[], resolve?: Resolver): Doc[] {
  return new Aggregator(pipeline, resolve ? { ...LANGUAGE, collectionResolver: resolve } : PREPARED).run(
    documents,
  ) as Doc[];
}

/** Runs a pipeline update over one document that the caller owns. */
export function runUpdatePipeline(document: Doc, pipeline: Doc[]): Doc {
  for (const stage of pipeline) {
    const name = isDocument(stage) ? (Object.keys(stage)[0] ?? '') : '';
    if (!UPDATE_STAGES.has(name))
      throw new CommandError('FailedToParse', `${name || 'this stage'} is not allowed in an update pipeline`);
  }
  return runPipeline([document], pipeline)[0] ?? document;
}
