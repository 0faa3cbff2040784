import { FineTuningJob } from '@agon/contracts';
import type { RouteDeps } from '../deps.ts';
import { route } from '../http/route.ts';
import { cancelOwnJob } from '../jobs/cancel-job.ts';
import { JobParams } from '../jobs/find-job.ts';
import { pauseOwnJob, resumeOwnJob } from '../jobs/pause-job.ts';
import { findFineTuningJob, readFineTuningJob } from './read-fine-tuning-job.ts';

type Act = typeof cancelOwnJob;

/** OpenAI's SDK posts these without a body and without a content type. */
const action = (
  name: string,
  spec: { summary: string; act: Act; errors: readonly ('job_not_pausable' | 'job_already_final')[] },
) =>
  route({
    method: 'post',
    path: `/v1/fine_tuning/jobs/:job_id/${name}`,
    tag: 'Fine-tuning',
    operationId: `${name}FineTuningJob`,
    summary: spec.summary,
    auth: 'key',
    scopes: ['jobs:write'],
    request: { params: JobParams },
    response: FineTuningJob,
    status: 200,
    errors: ['job_not_found', ...spec.errors],
    async handle({ deps, caller, params }) {
      const owned = { jobId: params.job_id, accountId: caller.accountId };
      await findFineTuningJob(deps, owned);
      return readFineTuningJob(deps, await spec.act(deps as RouteDeps, owned));
    },
  });

export const getFineTuningJob = route({
  method: 'get',
  path: '/v1/fine_tuning/jobs/:job_id',
  tag: 'Fine-tuning',
  operationId: 'getFineTuningJob',
  summary: 'Read one job in the words of OpenAI’s API',
  auth: 'key',
  scopes: ['jobs:read'],
  request: { params: JobParams },
  response: FineTuningJob,
  status: 200,
  errors: ['job_not_found'],
  async handle({ deps, caller, params }) {
    return readFineTuningJob(
      deps,
      await findFineTuningJob(deps, { jobId: params.job_id, accountId: caller.accountId }),
    );
  },
});

export const fineTuningActions = [
  action('cancel', { summary: 'Cancel a job', act: cancelOwnJob, errors: ['job_already_final'] }),
  action('pause', { summary: 'Pause a job', act: pauseOwnJob, errors: ['job_not_pausable', 'job_already_final'] }),
  action('resume', { summary: 'Resume a job', act: resumeOwnJob, errors: ['job_not_pausable', 'job_already_final'] }),
];
