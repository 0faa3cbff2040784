import { CreateJob, Job } from '@agon/contracts';
import { route } from '../http/route.ts';
import { readJob } from './find-job.ts';
import { createJobErrors, submitJob } from './submit-job.ts';

export const createJob = route({
  method: 'post',
  path: '/v1/jobs',
  tag: 'Jobs',
  operationId: 'createJob',
  summary: 'Create a job',
  description:
    'Honours `Idempotency-Key`: the same key and body give the same job for a day. Without one, an identical body of the same API key within a few seconds is the same request.',
  auth: 'key',
  scopes: ['jobs:write'],
  request: { body: CreateJob },
  response: Job,
  status: 200,
  errors: createJobErrors,
  async handle({ deps, caller, body: spec, request, response, gone }) {
    const idempotencyKey = request.get('idempotency-key');
    const submission = { caller, spec, fineTuning: null, signal: gone, idempotencyKey };
    const { job, replayed } = await submitJob(deps, submission);
    if (replayed) response.set('idempotent-replayed', 'true');
    return readJob(deps.stores, job);
  },
});
