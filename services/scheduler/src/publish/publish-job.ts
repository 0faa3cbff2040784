import { type BlobRef, type HandlerOutcome, isFinalJob, isFineTuningTask, type ModelFile } from '@agon/contracts';
import type { BaseModelRecord, EvaluationRecord, JobRecord, ModelRecord, RunRecord } from '@agon/store';
import { announceEvents } from '../announce.ts';
import type { SchedulerDeps } from '../scheduler-deps.ts';
import { settleFinalJob } from '../settle-final-job.ts';
import { askForWebhooks } from '../webhook/plan-webhooks.ts';
import { baseFiles } from './base-files.ts';
import { exampleOf } from './examples.ts';
import { type JudgedJob, judgedJob } from './judged-job.ts';
import { modelCard } from './model-card.ts';
import { modelFiles } from './model-files.ts';
import { writeResultFile } from './result-file.ts';
import { minersOf, signedReceipt } from './signed-receipt.ts';

/**
 * Writes the winner of a judged job into the registry, with its model card and the signed receipt. Safe to deliver twice:
 * the model's id comes from the job's, every file from what the job keeps, so a second run writes the same bytes; where
 * the model is there already, it stands.
 */
export async function publishJob(deps: SchedulerDeps, { jobId }: { jobId: string }): Promise<HandlerOutcome> {
  const job = await deps.stores.jobs.find(jobId);
  if (!job) return 'skipped';
  if (isFinalJob(job.status)) return (await settleFinalJob(deps, job)) > 0 ? 'done' : 'skipped';
  if (job.status !== 'publishing') return 'skipped';
  const judged = judgedJob(job);
  const model = (await deps.stores.models.find(modelIdOf(job))) ?? (await writeModel(deps, judged));
  const receipt = model.files.find((file) => file.path === 'agon.json');
  if (!receipt) throw new Error(`The model ${model.id} has no receipt.`);
  const succeeded = await deps.stores.jobs.move({
    jobId,
    from: 'publishing',
    to: 'succeeded',
    set: {
      modelId: model.id,
      result: { ...judged.result, model: model.id },
      receipt: { sha256: receipt.sha256, bytes: receipt.bytes },
      resultFileId: await resultFileOf(deps, judged, model),
      finishedAt: new Date(deps.clock.nowMs()),
    },
    event: {
      type: 'job.succeeded',
      key: 'job.succeeded',
      message: `The model is published as ${model.id} (${model.name}).`,
      data: { model: model.id, name: model.name, files: model.files.length },
    },
  });
  if (!succeeded) return 'skipped';
  await announceEvents(deps, jobId);
  await askForWebhooks(deps, jobId);
  await settleFinalJob(deps, succeeded);
  return 'done';
}

/** Jobs that fine-tune have a file of the winner's curve. */
async function resultFileOf(deps: SchedulerDeps, job: JudgedJob, model: ModelRecord): Promise<string | null> {
  if (!isFineTuningTask(job.task)) return null;
  const winner = await deps.stores.runs.find(model.runId);
  return winner ? writeResultFile(deps, job, winner) : null;
}

/** One model per job, so its id is made of the job's. */
export const modelIdOf = (job: Pick<JobRecord, 'id'>): string => `model_${tailOf(job.id)}`;
const tailOf = (jobId: string): string => jobId.slice('job_'.length);
const shortIdCharacters = 6;

/** `iris-3f9k2m`, or the task's name where the client gave no suffix. */
export const modelNameOf = (job: Pick<JobRecord, 'id' | 'spec' | 'task'>): string =>
  `${job.spec.suffix ?? job.task}-${tailOf(job.id).slice(-shortIdCharacters)}`;

/** The name by which OpenAI's clients know a fine-tuned model: `ft:{base}:{organisation}:{suffix}:{id}`. */
export const aliasOf = (
  job: Pick<JobRecord, 'id' | 'spec'>,
  { base, organisation }: { base: string; organisation: string },
): string => `ft:${base}:${organisation}:${job.spec.suffix ?? ''}:${tailOf(job.id).slice(-aliasIdCharacters)}`;
const aliasIdCharacters = 8;

/** Accounts from before there were namespaces get a plain one. */
const organisationOf = (deps: SchedulerDeps, { accountId }: Pick<JobRecord, 'accountId'>): Promise<string> =>
  deps.stores.namespaces.claim({ accountId, wanted: 'user' });

async function writeModel(deps: SchedulerDeps, job: JudgedJob): Promise<ModelRecord> {
  const runs = await deps.stores.runs.listByJob(job.id);
  const evaluations = await deps.stores.evaluations.listByJob(job.id);
  const winner = runs.find((run) => run.id === job.result.winner.run);
  if (!winner?.submission) throw new Error(`The winning run of ${job.id} has no submission.`);
  const id = modelIdOf(job);
  const name = modelNameOf(job);
  const base = job.baseModel && ((await deps.stores.baseModels.find(job.baseModel.id)) ?? null);
  const ours = await writeOurFiles(deps, { job, runs, evaluations, id, name, winner, base });
  const record: ModelRecord = {
    id,
    accountId: job.accountId,
    name,
    jobId: job.id,
    runId: winner.id,
    task: job.task,
    files: modelFiles(winner.submission.files, [
      ...(winner.submission.format === 'onnx' ? [] : baseFiles(base)),
      ...ours,
    ]),
    table: job.table,
    result: { ...job.result, model: id },
    baseModelId: job.baseModel?.id ?? null,
    alias: job.baseModel && aliasOf(job, { base: job.baseModel.name, organisation: await organisationOf(deps, job) }),
    createdAt: job.judgement.judgedAt,
  };
  if (await deps.stores.models.insert(record)) return record;
  return (await deps.stores.models.find(id)) ?? record;
}

type Publishing = {
  readonly job: JudgedJob;
  readonly runs: readonly RunRecord[];
  readonly evaluations: readonly EvaluationRecord[];
  readonly id: string;
  readonly name: string;
  readonly winner: RunRecord;
  /** What a text job started from. */
  readonly base: BaseModelRecord | null;
};

async function writeOurFiles(deps: SchedulerDeps, publishing: Publishing): Promise<ModelFile[]> {
  const { job, runs, evaluations, id, name, winner, base } = publishing;
  const miners = await minersOf(deps, runs);
  const receipt = signedReceipt({
    job,
    runs,
    evaluations,
    base,
    miners,
    versions: deps.versions,
    key: deps.signingKey,
  });
  const { task, table, text } = job;
  const schema = { task, metric: job.objective.metric, direction: job.objective.direction, table };
  const format = winner.submission?.format ?? 'onnx';
  const modelPath = winner.submission?.files.find((file) => file.path.endsWith('.onnx'))?.path ?? 'model.onnx';
  const texts: Record<string, string> = {
    'README.md': modelCard({ job, runs, id, name, format, modelPath, base, publicKey: deps.signingKey.publicKey }),
    'agon.json': json(receipt),
    ...(table ? { 'schema.json': json(text ? { ...schema, text } : schema) } : {}),
    'example.json': json(await exampleOf(deps.artifacts, job)),
  };
  const files: ModelFile[] = [];
  for (const [path, text] of Object.entries(texts)) files.push({ path, ...(await putText(deps, text)) });
  return files;
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

async function putText(deps: SchedulerDeps, text: string): Promise<BlobRef> {
  const bytes = new TextEncoder().encode(text);
  const { sha256, bytes: size } = await deps.artifacts.put(one(bytes));
  return { sha256, bytes: size };
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
