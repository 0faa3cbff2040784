import { AppError, JobEvent, PageQuery, pageOf } from '@agon/contracts';
import { route, written } from '../http/route.ts';
import { pageFrom } from '../page.ts';
import { sequenceAfter } from './event-cursor.ts';
import { findJob, JobParams } from './find-job.ts';
import { eventWire } from './job-wire.ts';
import { streamEvents } from './stream-events.ts';

const streamsPerAccountMax = 200;

const stream = {
  contentType: 'text/event-stream',
  summary:
    'The log as it grows, where the request accepts text/event-stream. `id` is the sequence number; Last-Event-ID (or `after`) resumes. `event: progress` frames have no id and are not kept. After the last event of an ended job comes `event: end`.',
};

export const listEvents = route({
  method: 'get',
  path: '/v1/jobs/:job_id/events',
  tag: 'Jobs',
  operationId: 'listJobEvents',
  summary: 'Read or watch the log of a job, oldest first',
  auth: 'key',
  scopes: ['jobs:read'],
  request: { params: JobParams, query: PageQuery },
  response: pageOf(JobEvent),
  answers: stream,
  status: 200,
  errors: ['job_not_found', 'invalid_request'],
  async handle({ deps, caller, params, query, request, response, gone }) {
    const job = await findJob(deps.stores, { jobId: params.job_id, accountId: caller.accountId });
    const streams =
      request.method === 'GET' && request.accepts(['application/json', 'text/event-stream']) === 'text/event-stream';
    const lastId = streams ? request.get('last-event-id') || undefined : undefined;
    const afterSequence = await sequenceAfter(deps.stores.events, { jobId: job.id, after: lastId ?? query.after });
    if (streams) {
      if (!deps.streams.enter(caller.accountId, streamsPerAccountMax)) {
        const message = `The account watches ${streamsPerAccountMax} jobs at once already.`;
        throw new AppError('rate_limited', message, { retryAfterSeconds: 60 });
      }
      await streamEvents(deps, { jobId: job.id, afterSequence, response, gone }).finally(() =>
        deps.streams.leave(caller.accountId),
      );
      return written;
    }
    const limit = query.limit;
    const events = await deps.stores.events.list({ jobId: job.id, afterSequence, limit: limit + 1 });
    return pageFrom(events.map(eventWire), limit);
  },
});
