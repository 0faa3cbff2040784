import { AppError, CommitSubmission, CommittedSubmission, limits, taskTable } from '@agon/contracts';
import { unixSeconds } from '@agon/kit';
import type { JobRecord, RunChange, RunRecord, SubmissionRecord, UploadRecord } from '@agon/store';
import { dateIn, nowDate, type RouteDeps } from '../deps.ts';
import { announce } from '../enqueue.ts';
import { route } from '../http/route.ts';
import { endUploads } from '../jobs/end-runs.ts';
import { checkAccepting, findRunByFence, RunParams } from './held-run.ts';

const byPath = (left: { path: string }, right: { path: string }): number => (left.path < right.path ? -1 : 1);
const contentOf = (format: string, files: CommitSubmission['files']): string =>
  JSON.stringify([format, files.toSorted(byPath).map(({ path, bytes, sha256 }) => [path, bytes, sha256])]);

/** @throws AppError `invalid_request`, `submission_too_large`. */
function checkSubmission(body: CommitSubmission, job: JobRecord): void {
  if (!taskTable[job.task].formats.some((format) => format === body.format)) {
    throw new AppError('invalid_request', `format: ${body.format} is not returned for ${job.task}`, {
      param: 'format',
    });
  }
  const paths = new Set(body.files.map((file) => file.path.toLowerCase()));
  if (paths.size < body.files.length) {
    throw new AppError('invalid_request', 'files: two files have the same path', { param: 'files' });
  }
  const bytes = body.files.reduce((sum, file) => sum + file.bytes, 0);
  if (bytes <= limits.submissionBytesMax) return;
  const message = `The submission has ${bytes} bytes; at most ${limits.submissionBytesMax} are taken.`;
  throw new AppError('submission_too_large', message);
}

/** What trained, where the miner says it. */
const trainerOf = ({ template, image }: CommitSubmission): Pick<RunChange, 'template' | 'image'> => ({
  ...(template === undefined ? {} : { template }),
  ...(image === undefined ? {} : { image }),
});

/** New uploads, each at an address that cannot be guessed, and the submission that names them. */
async function commit(deps: RouteDeps, run: RunRecord, body: CommitSubmission): Promise<SubmissionRecord> {
  const now = nowDate(deps);
  await endUploads(deps, run.id);
  const shared = { runId: run.id, jobId: run.jobId, status: 'receiving' as const, createdAt: now };
  const uploads: UploadRecord[] = body.files.map((file) => {
    const id = `upl_${Buffer.from(deps.randomBytes(24)).toString('hex')}`;
    return { ...shared, ...file, id, expiresAt: dateIn(deps, limits.uploadTtlMs) };
  });
  for (const { id } of uploads) await deps.artifacts.staging.create(id);
  await deps.stores.uploads.insertMany(uploads);
  const submission: SubmissionRecord = {
    id: deps.newId('submission'),
    format: body.format,
    committedAt: now,
    files: uploads.map(({ id, path, bytes, sha256 }) => ({ path, bytes, sha256, uploadId: id })),
  };
  const updated = await deps.stores.runs.update({
    runId: run.id,
    while: ['leased', 'training'],
    fence: run.fence,
    set: { submission, lastHeartbeatAt: now, ...trainerOf(body) },
    event: {
      type: 'run.committed',
      key: `run.committed:${submission.id}`,
      message: `${run.minerName} committed a submission of ${uploads.length} file${uploads.length === 1 ? '' : 's'}.`,
      data: { run: run.id, seat: run.seatIndex, miner_name: run.minerName, submission: submission.id },
    },
  });
  if (updated) return submission;
  await endUploads(deps, run.id);
  throw new AppError('run_not_accepting', 'The run ended while it was committed.');
}

async function answerOf(deps: RouteDeps, run: RunRecord, submission: SubmissionRecord): Promise<CommittedSubmission> {
  const uploads = new Map((await deps.stores.uploads.listByRun(run.id)).map((upload) => [upload.id, upload]));
  const entries = submission.files.map(async ({ uploadId, path, bytes }) => {
    const received = uploads.get(uploadId)?.status === 'received';
    const offset = received ? bytes : ((await deps.artifacts.staging.offset(uploadId)) ?? 0);
    return { id: uploadId, path, url: `/v1/miner/uploads/${uploadId}`, offset, bytes };
  });
  return {
    object: 'miner.submission',
    id: submission.id,
    run: run.id,
    committed_at: unixSeconds(submission.committedAt),
    uploads: await Promise.all(entries),
  };
}

export const commitSubmission = route({
  method: 'post',
  path: '/v1/miner/runs/:run_id/submission',
  tag: 'Miner protocol',
  operationId: 'commitSubmission',
  summary: 'Commit the hashes of a submission',
  description:
    'This instant is its time. The same commit again answers the same uploads; another one replaces it, with a new time, and ends the uploads before.',
  auth: 'miner',
  request: { params: RunParams, body: CommitSubmission },
  response: CommittedSubmission,
  status: 200,
  errors: [
    ...(['run_not_found', 'lease_lost', 'run_not_accepting', 'submission_too_large'] as const),
    ...(['invalid_request', 'invalid_json', 'disk_full'] as const),
  ],
  async handle({ deps, caller: miner, params, body }) {
    const run = await findRunByFence(deps.stores, { runId: params.run_id, miner, fence: body.fence });
    const job = await checkAccepting(deps.stores, run, deps.clock.nowMs());
    checkSubmission(body, job);
    const before = run.submission;
    if (before && contentOf(before.format, before.files) === contentOf(body.format, body.files)) {
      return answerOf(deps, run, before);
    }
    const submission = await commit(deps, run, body);
    await announce(deps, { kind: 'events', jobId: run.jobId });
    return answerOf(deps, run, submission);
  },
});
