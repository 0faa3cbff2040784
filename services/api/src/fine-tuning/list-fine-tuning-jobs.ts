import { AppError, FineTuningJob, fineTuningTasks, JobId, PageQuery, pageOf } from '@agon/contracts';
import { route } from '../http/route.ts';
import { pageFrom } from '../page.ts';
import { readFineTuningJobs } from './read-fine-tuning-job.ts';

const pairPattern = /^metadata\[(.{1,64})\]$/s;

/**
 * `metadata[key]=value` for jobs with such a pair, `metadata=null` for jobs without any.
 *
 * @throws AppError `invalid_request` for another query parameter that begins so.
 */
export function metadataQuery(
  query: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string>> | null | undefined {
  // Versions of the SDK spell null in either way.
  if (query.metadata === 'null' || query.metadata === '') return null;
  const given = Object.entries(query).filter(([name]) => name.startsWith('metadata'));
  const pairs = given.map(([name, value]) => {
    const key = pairPattern.exec(name)?.[1];
    if (key !== undefined && typeof value === 'string') return [key, value] as const;
    throw new AppError('invalid_request', 'metadata: is `metadata[key]=value` or `metadata=null`', {
      param: 'metadata',
    });
  });
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs);
}

export const listFineTuningJobs = route({
  method: 'get',
  path: '/v1/fine_tuning/jobs',
  tag: 'Fine-tuning',
  operationId: 'listFineTuningJobs',
  summary: 'List jobs that fine-tune language models, newest first',
  description: '`metadata[key]=value` picks jobs with such a pair, `metadata=null` those without any.',
  auth: 'key',
  scopes: ['jobs:read'],
  request: { query: PageQuery.extend({ after: JobId.optional() }).loose() },
  response: pageOf(FineTuningJob),
  status: 200,
  errors: ['invalid_request'],
  async handle({ deps, caller, query }) {
    const { accountId } = caller;
    const { limit, after, ...others } = query;
    const metadata = metadataQuery(others);
    const jobs = await deps.stores.jobs.list({
      ...{ accountId, after, limit: limit + 1, tasks: fineTuningTasks },
      ...(metadata === undefined ? {} : { metadata }),
    });
    return pageFrom(await readFineTuningJobs(deps, accountId, jobs), limit);
  },
});
