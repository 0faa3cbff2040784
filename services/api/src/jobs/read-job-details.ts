import { AppError, pageOf, Receipt, Run } from '@agon/contracts';
import { sendBlob } from '../artifacts/send-blob.ts';
import { route } from '../http/route.ts';
import { pageFrom } from '../page.ts';
import { findJob, JobParams } from './find-job.ts';
import { runWire } from './run-wire.ts';

export const listJobRuns = route({
  method: 'get',
  path: '/v1/jobs/:job_id/runs',
  tag: 'Jobs',
  operationId: 'listJobRuns',
  summary: 'List every run of a job',
  description: 'All at once: a job has as many seats and attempts as its limits allow.',
  auth: 'key',
  scopes: ['jobs:read'],
  request: { params: JobParams },
  response: pageOf(Run),
  status: 200,
  errors: ['job_not_found'],
  async handle({ deps, caller, params }) {
    const job = await findJob(deps.stores, { jobId: params.job_id, accountId: caller.accountId });
    const [runs, evaluations] = await Promise.all([
      deps.stores.runs.listByJob(job.id),
      deps.stores.evaluations.listByJob(job.id),
    ]);
    const evaluationOf = new Map(evaluations.map((evaluation) => [evaluation.runId, evaluation]));
    return pageFrom(
      runs.map((run) => runWire(run, job, evaluationOf.get(run.id))),
      runs.length,
    );
  },
});

export const getReceipt = route({
  method: 'get',
  path: '/v1/jobs/:job_id/receipt',
  tag: 'Jobs',
  operationId: 'getReceipt',
  summary: 'Read the signed record of how the winner was chosen',
  description: 'The bytes as they were signed and stored; GET /v1/signing-keys names the key.',
  auth: 'key',
  scopes: ['jobs:read'],
  request: { params: JobParams },
  response: null,
  answers: { contentType: 'application/json', summary: 'The receipt', fields: Receipt },
  status: 200,
  errors: ['job_not_found', 'receipt_not_ready'],
  async handle({ deps, caller, params, request, response }) {
    const job = await findJob(deps.stores, { jobId: params.job_id, accountId: caller.accountId });
    if (!job.receipt) throw new AppError('receipt_not_ready', `The job is ${job.status} and has no receipt.`);
    const answer = { blob: job.receipt, contentType: 'application/json; charset=utf-8' };
    return sendBlob(deps.artifacts, { request, response }, answer);
  },
});
