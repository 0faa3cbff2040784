import {
  type HandlerOutcome,
  isFinalJob,
  isFineTuningTask,
  type ModelFile,
  mergedFolder,
  modelIdOfJob,
} from '@agon/contracts';
import { namespaceOf } from '@agon/hub';
import type {
  BaseModelRecord,
  EvaluationRecord,
  JobRecord,
  ModelRecord,
  RunRecord,
  SubmissionRecord,
} from '@agon/store';
import { announceEvents } from '../announce.ts';
import { beginPushes, enqueuePushes, registryRepo } from '../push/begin-pushes.ts';
import type { SchedulerDeps } from '../scheduler-deps.ts';
import { settleFinalJob } from '../settle-final-job.ts';
import { askForWebhooks } from '../webhook/plan-webhooks.ts';
import { baseFiles } from './base-files.ts';
import { exampleOf } from './examples.ts';
import { putJson, putText } from './files/put-file.ts';
import { type JudgedJob, judgedJob } from './judged-job.ts';
import { mergedCard } from './merged-card.ts';
import { type ModelCardInput, modelCard } from './model-card.ts';
import { modelFiles } from './model-files.ts';
import { racePlot } from './plot/race-plot.ts';
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
  const model = (await deps.stores.models.find(modelIdOfJob(job.id))) ?? (await writeModel(deps, judged));
  const receipt = model.files.find((file) => file.path === 'agon.json');
  if (!receipt) throw new Error(`The model ${model.id} has no receipt.`);
  const namespace = await organisationOf(deps, job);
  await beginPushes(deps, model, { namespace, private: judged.spec.publish.private });
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
  await enqueuePushes(deps, model.id);
  return 'done';
}

/** Jobs that fine-tune have a file of the winner's curve. */
async function resultFileOf(deps: SchedulerDeps, job: JudgedJob, model: ModelRecord): Promise<string | null> {
  if (!isFineTuningTask(job.task)) return null;
  const winner = await deps.stores.runs.find(model.runId);
  return winner ? writeResultFile(deps, job, winner) : null;
}

const shortIdCharacters = 6;

/** `iris-3f9k2m`, or the task's name where the client gave no suffix. */
export const modelNameOf = (job: Pick<JobRecord, 'id' | 'spec' | 'task'>): string =>
  `${job.spec.suffix ?? job.task}-${job.id.slice(-shortIdCharacters)}`;

/** The name by which OpenAI's clients know a fine-tuned model: `ft:{base}:{organisation}:{suffix}:{id}`. */
export const aliasOf = (
  job: Pick<JobRecord, 'id' | 'spec'>,
  { base, organisation }: { base: string; organisation: string },
): string => `ft:${base}:${organisation}:${job.spec.suffix ?? ''}:${job.id.slice(-aliasIdCharacters)}`;
const aliasIdCharacters = 8;

const organisationOf = (deps: SchedulerDeps, { accountId }: Pick<JobRecord, 'accountId'>): Promise<string> =>
  namespaceOf(deps.stores, accountId);

async function writeModel(deps: SchedulerDeps, job: JudgedJob): Promise<ModelRecord> {
  const runs = await deps.stores.runs.listByJob(job.id);
  const evaluations = await deps.stores.evaluations.listByJob(job.id);
  const winner = runs.find((run) => run.id === job.result.winner.run);
  if (!winner?.submission) throw new Error(`The winning run of ${job.id} has no submission.`);
  const id = modelIdOfJob(job.id);
  const name = modelNameOf(job);
  const base = job.baseModel && ((await deps.stores.baseModels.find(job.baseModel.id)) ?? null);
  const { submission } = winner;
  const organisation = await organisationOf(deps, job);
  const repo = job.spec.publish.repo ?? registryRepo(organisation, name);
  const derived = base && submission.format !== 'onnx' ? await derivedFiles(deps, { job, submission, base }) : [];
  const known = [...(submission.format === 'onnx' ? [] : baseFiles(base)), ...derived];
  const texts = await writeTexts(deps, { job, runs, evaluations, id, name, repo, submission, base, known });
  const record: ModelRecord = {
    id,
    accountId: job.accountId,
    name,
    jobId: job.id,
    runId: winner.id,
    task: job.task,
    files: modelFiles(submission.files, [...known, ...texts]),
    table: job.table,
    result: { ...job.result, model: id },
    baseModelId: job.baseModel?.id ?? null,
    alias: job.baseModel && aliasOf(job, { base: job.baseModel.name, organisation }),
    createdAt: job.judgement.judgedAt,
  };
  if (await deps.stores.models.insert(record)) return record;
  return (await deps.stores.models.find(id)) ?? record;
}

/** Everything that can be computed from the winner; the job's log says what is written next. */
function derivedFiles(
  deps: SchedulerDeps,
  { job, submission, base }: { job: JudgedJob; submission: SubmissionRecord; base: BaseModelRecord },
): Promise<ModelFile[]> {
  const { onnx, merged } = job.spec.publish;
  const say = async (what: string, message: string): Promise<void> => {
    const event = { type: 'job.publishing', key: `job.publishing:${what}`, message, data: { step: what } };
    await deps.stores.events.append(job.id, event);
    await announceEvents(deps, job.id);
  };
  return deps.winnerFiles({ submission, base, onnx, merged, say });
}

type Publishing = {
  readonly job: JudgedJob;
  readonly runs: readonly RunRecord[];
  readonly evaluations: readonly EvaluationRecord[];
  readonly id: string;
  readonly name: string;
  readonly repo: string;
  readonly submission: SubmissionRecord;
  /** What a text job started from. */
  readonly base: BaseModelRecord | null;
  /** The files that are written already. */
  readonly known: readonly ModelFile[];
};

/** Card, receipt, schema, example and picture, and the same for the repo of merged weights. */
async function writeTexts(deps: SchedulerDeps, publishing: Publishing): Promise<ModelFile[]> {
  const { job, runs, evaluations, base } = publishing;
  const miners = await minersOf(deps, runs);
  const { versions, signingKey: key } = deps;
  const receipt = `${JSON.stringify(signedReceipt({ job, runs, evaluations, base, miners, versions, key }), null, 2)}\n`;
  const { task, table, text } = job;
  const schema = { task, metric: job.objective.metric, direction: job.objective.direction, table };
  const example = await exampleOf(deps.artifacts, job);
  const plot = racePlot(job, runs);
  const card = cardInput(deps, publishing);
  const merged = publishing.known.some(({ path }) => path.startsWith(mergedFolder));
  const alike = { 'agon.json': receipt, 'race.svg': plot };
  return [
    await putText(deps, 'README.md', modelCard(card)),
    ...(await putTexts(deps, '', alike)),
    ...(table ? [await putJson(deps, 'schema.json', text ? { ...schema, text } : schema)] : []),
    await putJson(deps, 'example.json', example),
    ...(merged ? await putTexts(deps, mergedFolder, { 'README.md': mergedCard(card), ...alike }) : []),
  ];
}

async function putTexts(deps: SchedulerDeps, folder: string, texts: Record<string, string>): Promise<ModelFile[]> {
  const files: ModelFile[] = [];
  for (const [path, text] of Object.entries(texts)) files.push(await putText(deps, folder + path, text));
  return files;
}

function cardInput(deps: SchedulerDeps, publishing: Publishing): ModelCardInput {
  const { job, runs, id, name, repo, submission, base, known } = publishing;
  const modelPath = submission.files.find((file) => file.path.endsWith('.onnx'))?.path ?? 'model.onnx';
  const paths = new Set(known.map(({ path }) => path));
  const { format } = submission;
  const made = { publicKey: deps.signingKey.publicKey, service: deps.publicUrl };
  return { job, runs, id, name, repo, format, modelPath, base, paths, ...made };
}
