import { Job, JobStatus, modelIdOfJob, PageQuery, pageOf } from '@agon/contracts';
import { route } from '../http/route.ts';
import { pageFrom } from '../page.ts';
import { pushesOf } from '../publish/push-wire.ts';
import { findJob, JobParams, readJob } from './find-job.ts';
import { jobWire } from './job-wire.ts';

export const listJobs = route({
  method: 'get',
  path: '/v1/jobs',
  tag: 'Jobs',
  operationId: 'listJobs',
  summary: 'List jobs, newest first',
  auth: 'key',
  scopes: ['jobs:read'],
  request: { query: PageQuery.extend({ status: JobStatus.optional() }) },
  response: pageOf(Job),
  status: 200,
  errors: ['invalid_request'],
  async handle({ deps, caller, query: { limit, after, status } }) {
    const { accountId } = caller;
    const query = { accountId, after, limit: limit + 1, ...(status ? { statuses: [status] } : {}) };
    const jobs = await deps.stores.jobs.list(query);
    const seats = await deps.stores.seats.listByJobs(jobs.map((job) => job.id));
    const pushes = await deps.stores.pushes.listByModels(jobs.map((job) => modelIdOfJob(job.id)));
    const wires = jobs.map((job) =>
      jobWire(
        job,
        seats.filter((seat) => seat.jobId === job.id),
        pushesOf(pushes, modelIdOfJob(job.id)),
      ),
    );
    return pageFrom(wires, limit);
  },
});

export const getJob = route({
  method: 'get',
  path: '/v1/jobs/:job_id',
  tag: 'Jobs',
  operationId: 'getJob',
  summary: 'Read one job',
  auth: 'key',
  scopes: ['jobs:read'],
  request: { params: JobParams },
  response: Job,
  status: 200,
  errors: ['job_not_found'],
  async handle({ deps, caller, params }) {
    return readJob(deps.stores, await findJob(deps.stores, { jobId: params.job_id, accountId: caller.accountId }));
  },
});
