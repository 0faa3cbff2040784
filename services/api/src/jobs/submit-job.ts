import { createHash } from 'node:crypto';
import { AppError, type CreateJob, type ErrorCode, limits, modelIdOfJob } from '@agon/contracts';
import { graceSeconds } from '@agon/domain';
import { canonicalJson } from '@agon/kit';
import type { FileRecord, JobRecord } from '@agon/store';
import { dateIn, nowDate, type RouteDeps } from '../deps.ts';
import { announce, enqueue } from '../enqueue.ts';
import { findFile } from '../files/find-file.ts';
import type { KeyCaller } from '../http/route.ts';
import { newPush } from '../publish/new-push.ts';
import { type CheckedJob, conclude, inspect } from './check-job.ts';

/** Until the dataset was read. */
const needsUnknown = { memoryMib: 512, vramMib: 0, cpus: 1 };

const machineOf = ({ memoryMib, vramMib, cpus }: JobRecord['needs']): JobRecord['needs'] => ({
  memoryMib,
  vramMib,
  cpus,
});

const baseModelOf = (base: CheckedJob['base']): JobRecord['baseModel'] =>
  base && { id: base.model.id, name: base.model.name, revision: base.model.revision, why: base.why };

/** The token of a hub is kept with the push, sealed, and nowhere else. */
const withoutToken = ({ publish: { token: _, ...publish }, ...spec }: CreateJob): CreateJob => ({ ...spec, publish });

type Attempt = {
  readonly jobId: string;
  readonly caller: KeyCaller;
  readonly spec: CreateJob;
  readonly fineTuning: JobRecord['fineTuning'];
  readonly signal: AbortSignal;
};

function jobRecord(deps: RouteDeps, attempt: Attempt, file: FileRecord, checked: CheckedJob): JobRecord {
  const now = nowDate(deps);
  const { spec, caller } = attempt;
  return {
    id: attempt.jobId,
    accountId: caller.accountId,
    keyId: caller.keyId,
    status: 'preparing',
    createdAt: now,
    updatedAt: now,
    openedAt: null,
    waitUntil: null,
    deadlineAt: null,
    graceSeconds: graceSeconds(spec.budget.minutes),
    pausedAt: null,
    finishedAt: null,
    spec: withoutToken(spec),
    task: checked.task,
    taskInferred: checked.taskInferred,
    objective: checked.objective,
    seed: spec.seed ?? Buffer.from(deps.randomBytes(4)).readUInt32BE() >>> 1,
    splitSecret: Buffer.from(deps.randomBytes(32)).toString('hex'),
    baseModel: baseModelOf(checked.base),
    text: checked.text,
    source: { sha256: file.sha256, bytes: file.bytes, filename: file.filename },
    dataset: checked.inspected?.report ?? null,
    table: checked.inspected?.table ?? null,
    splitCommitment: null,
    parts: null,
    baseline: null,
    needs: checked.inspected ? machineOf(checked.inspected.needs) : needsUnknown,
    goalReached: false,
    judgement: null,
    result: null,
    modelId: null,
    receipt: null,
    failure: null,
    fineTuning: attempt.fineTuning,
    resultFileId: null,
  };
}

/** Checks and inserts. Another request with the same id may have been faster; then its job is the answer. */
async function insertJob(deps: RouteDeps, attempt: Attempt): Promise<JobRecord> {
  const { spec, caller, signal, jobId } = attempt;
  const owned = { fileId: spec.training_file, accountId: caller.accountId };
  const file = await findFile(deps.stores, owned, 'training_file');
  const checked = await conclude(deps, attempt, await inspect(deps, { spec, file, signal }));
  const job = jobRecord(deps, attempt, file, checked);
  await insertPush(deps, attempt);
  const message = `The job was created for ${file.filename}; the dataset is read next.`;
  try {
    await deps.stores.jobs.insert(job, { type: 'job.created', key: 'job.created', message });
  } catch (error) {
    const other = await deps.stores.jobs.find(jobId);
    if (other) return other;
    throw error;
  }
  await enqueue(deps, 'job.prepare', { jobId });
  await announce(deps, { kind: 'events', jobId });
  return job;
}

/** Before the job, so that none is lost; the reconciler deletes one whose job did not come. */
async function insertPush(deps: RouteDeps, { spec: { publish }, caller, jobId }: Attempt): Promise<void> {
  const { repo } = publish;
  if (repo === undefined) return;
  const owner = { modelId: modelIdOfJob(jobId), jobId, accountId: caller.accountId };
  const { sealer } = deps.pushDesk;
  await deps.stores.pushes.insert(newPush({ ...owner, wish: { ...publish, repo }, sealer, now: nowDate(deps) }));
}

/** A job that a client asks for, in whatever words. */
export type Submission = Omit<Attempt, 'jobId'> & {
  /** The client's `Idempotency-Key`. */
  readonly idempotencyKey: string | undefined;
};

const headerPattern = /^[\x21-\x7e][\x20-\x7e]{0,254}$/;

/** What makes two requests one: the client's own key for a day, or the same body for a few seconds. */
function reservation(deps: RouteDeps, { caller, spec, fineTuning, idempotencyKey: header }: Submission) {
  const said = fineTuning ? { ...spec, fineTuning } : spec;
  const bodyHash = createHash('sha256').update(canonicalJson(said)).digest('hex');
  if (header === undefined) {
    const expiresAt = dateIn(deps, limits.duplicateCreateWindowMs);
    return { key: `same-body ${caller.keyId} ${bodyHash}`, bodyHash, expiresAt };
  }
  if (!headerPattern.test(header)) {
    throw new AppError('invalid_request', 'Idempotency-Key: has 1 to 255 printable ASCII characters', {
      param: 'Idempotency-Key',
    });
  }
  const expiresAt = dateIn(deps, limits.idempotencyTtlMs);
  return { key: `idempotency-key ${caller.accountId} ${header}`, bodyHash, expiresAt };
}

/** What submitting a job may be refused with. */
export const createJobErrors: readonly ErrorCode[] = [
  ...(['invalid_request', 'invalid_json', 'file_not_found', 'idempotency_key_reused', 'metric_unsuitable'] as const),
  ...(['dataset_invalid', 'dataset_unreadable', 'dataset_too_large', 'dataset_too_small'] as const),
  ...(['target_missing', 'target_unsuitable', 'task_not_inferable'] as const),
  ...(['base_model_missing', 'base_model_unsuitable', 'base_model_not_found'] as const),
  ...(['base_model_unavailable', 'base_model_too_large', 'publish_unsuitable'] as const),
  ...(['hub_pushes_off', 'hub_token_missing', 'hub_token_refused', 'tokens_not_kept'] as const),
];

/**
 * Creates a job, or answers the one that the same request made before.
 *
 * @throws AppError of `createJobErrors`.
 */
export async function submitJob(
  deps: RouteDeps,
  submission: Submission,
): Promise<{ job: JobRecord; replayed: boolean }> {
  const { key, bodyHash, expiresAt } = reservation(deps, submission);
  const jobId = deps.newId('job');
  const before = await deps.stores.idempotency.reserve({ key, bodyHash, expiresAt, jobId });
  if (before && before.bodyHash !== bodyHash) {
    throw new AppError('idempotency_key_reused', 'This Idempotency-Key was used with another body.');
  }
  const known = before && (await deps.stores.jobs.find(before.jobId));
  if (known) return { job: known, replayed: true };
  try {
    // A reservation without a job: its request is still at work or died. The same id makes one job of both.
    const job = await insertJob(deps, { ...submission, jobId: before?.jobId ?? jobId });
    return { job, replayed: false };
  } catch (error) {
    // After a fault nobody knows whether the job was inserted, so its id stays reserved for the next attempt.
    if (error instanceof AppError && error.expected) await deps.stores.idempotency.free(key);
    throw error;
  }
}
