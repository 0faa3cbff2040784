import { FineTuningEvent, PageQuery, pageOf } from '@agon/contracts';
import { route } from '../http/route.ts';
import { sequenceAfter } from '../jobs/event-cursor.ts';
import { JobParams } from '../jobs/find-job.ts';
import { pageFrom } from '../page.ts';
import { fineTuningEventWire } from './fine-tuning-wire.ts';
import { findFineTuningJob } from './read-fine-tuning-job.ts';

export const listFineTuningEvents = route({
  method: 'get',
  path: '/v1/fine_tuning/jobs/:job_id/events',
  tag: 'Fine-tuning',
  operationId: 'listFineTuningEvents',
  summary: 'Read the log of a job, newest first',
  auth: 'key',
  scopes: ['jobs:read'],
  request: { params: JobParams, query: PageQuery },
  response: pageOf(FineTuningEvent),
  status: 200,
  errors: ['job_not_found', 'invalid_request'],
  async handle({ deps, caller, params, query: { after, limit } }) {
    const job = await findFineTuningJob(deps, { jobId: params.job_id, accountId: caller.accountId });
    const beforeSequence =
      after === undefined ? Number.MAX_SAFE_INTEGER : await sequenceAfter(deps.stores.events, { jobId: job.id, after });
    const events = await deps.stores.events.listNewest({ jobId: job.id, beforeSequence, limit: limit + 1 });
    return pageFrom(events.map(fineTuningEventWire), limit);
  },
});
