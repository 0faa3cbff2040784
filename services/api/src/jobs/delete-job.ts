import { AppError, type BlobRef, Deleted, isFinalJob } from '@agon/contracts';
import type { EvaluationRecord, JobRecord, RunRecord } from '@agon/store';
import { releaseBlobs } from '../artifacts/release-blob.ts';
import type { RouteDeps } from '../deps.ts';
import { route } from '../http/route.ts';
import { endUploads } from './end-runs.ts';
import { findJob, JobParams } from './find-job.ts';

/** Every blob that the job, its runs or their evaluations refer to. */
function blobsOf(job: JobRecord, runs: readonly RunRecord[], evaluations: readonly EvaluationRecord[]) {
  const parts: (BlobRef | null | undefined)[] = job.parts ? Object.values(job.parts) : [];
  const measured = [job.baseline, ...evaluations].flatMap((each) => [each?.selection, each?.report]);
  return [
    ...parts,
    ...measured.map((part) => part?.outcome),
    ...runs.flatMap((run) => run.submission?.files ?? []),
    job.receipt,
    job.source,
  ];
}

/** The job goes last, so that a deletion that was cut short can be asked for again. */
async function deleteRecords(deps: RouteDeps, job: JobRecord, runs: readonly RunRecord[]): Promise<void> {
  const { stores } = deps;
  for (const run of runs) await endUploads(deps, run.id);
  await stores.uploads.deleteByJob(job.id);
  await stores.evaluations.deleteByJob(job.id);
  await stores.runs.deleteByJob(job.id);
  await stores.seats.deleteByJob(job.id);
  await stores.events.deleteByJob(job.id);
  await stores.idempotency.freeByJob(job.id);
  await stores.jobs.delete(job.id);
}

export const deleteJob = route({
  method: 'delete',
  path: '/v1/jobs/:job_id',
  tag: 'Jobs',
  operationId: 'deleteJob',
  summary: 'Delete a job that has ended',
  description: 'Its parts, runs, submissions and events go with it; the model that it made stays.',
  auth: 'key',
  scopes: ['jobs:write'],
  request: { params: JobParams },
  response: Deleted,
  status: 200,
  errors: ['job_not_found', 'job_not_final'],
  async handle({ deps, caller, params }) {
    const job = await findJob(deps.stores, { jobId: params.job_id, accountId: caller.accountId });
    if (!isFinalJob(job.status)) throw new AppError('job_not_final', `The job is ${job.status}.`);
    const runs = await deps.stores.runs.listByJob(job.id);
    const blobs = blobsOf(job, runs, await deps.stores.evaluations.listByJob(job.id));
    await deleteRecords(deps, job, runs);
    await releaseBlobs(deps, blobs);
    return { id: job.id, object: 'job', deleted: true as const };
  },
});
