import { ApiError, type MinerClient } from '@agon/client';
import type { FailureClass, Heartbeat, RunUsage } from '@agon/contracts';
import { retry } from '@agon/kit';
import type { BaseModelCache } from '../download/base-model-cache.ts';
import { DownloadError } from '../download/download-file.ts';
import { fetchData } from '../download/fetch-data.ts';
import type { MinerOptions, RunOutcome } from '../options.ts';
import {
  makeRunFolder,
  type RunFolder,
  type RunState,
  removeFolder,
  removeRunFolder,
  runFolder,
  writeRunState,
} from '../run-folder.ts';
import type { Runner, Trainer, TrainerHandle } from '../runner/runner.ts';
import { TrainerOutput } from '../runner/trainer-output.ts';
import { readSubmission, SubmissionError } from '../submission/read-submission.ts';
import { sendSubmission, worthAnotherTry } from '../submission/send-submission.ts';
import { type Template, templateId } from '../template/load-templates.ts';
import { Heartbeats } from './heartbeats.ts';
import { superviseTrainer, type TrainerVerdict } from './supervise-trainer.ts';
import { writeJob } from './write-job.ts';

export type RunWork = {
  readonly options: MinerOptions;
  readonly client: MinerClient;
  readonly runner: Runner;
  readonly baseModels: BaseModelCache;
  readonly template: Template;
  readonly state: RunState;
  readonly stopping: AbortSignal;
};

/** `class` says what kind of failure it was. */
export type RunEnd = { outcome: RunOutcome; message: string; class?: FailureClass };

/** Takes a run from its lease, or from where an earlier life of the miner left it, to its end. Never throws. */
export async function workRun(work: RunWork): Promise<RunEnd> {
  const { lease } = work.state;
  const folder = runFolder(work.options.folder, lease.run);
  const output = new TrainerOutput(folder.log);
  const seen: Seen = { usage: undefined, image: imageOf(work.state.trainer) };
  const heartbeats = new Heartbeats(work.client, {
    runId: lease.run,
    everyMs: lease.heartbeat_seconds * 1000,
    deadlineUnix: lease.deadline,
    describe: () => describe(work, { output, seen }),
    log: work.options.log,
  });
  try {
    return await trainAndSend(work, { folder, output, seen, heartbeats });
  } catch (error) {
    work.options.log.error({ runId: lease.run, err: error }, 'the run broke');
    if (isOver(error)) return { outcome: 'abandoned', message: messageOf(error) };
    return await reportFailure(work, output, { class: classOf(error), message: messageOf(error) });
  } finally {
    await heartbeats.close();
    await removeRunFolder(folder).catch((error: unknown) =>
      work.options.log.warn({ runId: lease.run, err: error }, 'the folder of the run was not removed'),
    );
  }
}

/** The service wants nothing more of this run: there is nobody to report to. */
const isOver = (error: unknown): boolean =>
  error instanceof ApiError && ['lease_lost', 'run_not_accepting', 'run_not_found'].includes(error.code);

/** What the heartbeats tell beside the trainer's own words. */
type Seen = { usage: RunUsage | undefined; image: string | undefined };
type Place = { folder: RunFolder; output: TrainerOutput; seen: Seen; heartbeats: Heartbeats };

const imageOf = (handle: TrainerHandle | null): string | undefined =>
  handle?.kind === 'container' ? handle.image : undefined;

/** A trainer may keep checkpoints beside what it hands in. */
export const outBytesMaxOf = (submissionBytes: number): number => 2 * submissionBytes;

async function trainAndSend(work: RunWork, place: Place): Promise<RunEnd> {
  let { state } = work;
  if (state.phase === 'training') {
    const verdict = await train(work, place);
    if (verdict.kind === 'failed') return reportFailure(work, place.output, verdict);
    if (verdict.kind === 'abandoned') return { outcome: 'abandoned', message: verdict.message };
    const found = await readSubmission(place.folder.out, { bytesMax: state.lease.job.limits.submission_bytes });
    const commit = { fence: state.lease.fence, ...trainedBy(work, place.seen), ...found };
    state = { ...state, phase: 'trained', commit };
    await writeRunState(place.folder, state);
  }
  return send(work, place, state);
}

async function train(work: RunWork, place: Place): Promise<TrainerVerdict> {
  const trainer = await findOrStartTrainer(work, place).catch((error: unknown) => toldWhileFetching(place, error));
  if ('kind' in trainer) return trainer;
  const { options, state } = work;
  return superviseTrainer({
    trainer,
    output: place.output,
    clock: options.clock,
    memoryMibMax: state.share.memoryMib,
    outFolder: place.folder.out,
    outBytesMax: outBytesMaxOf(state.lease.job.limits.submission_bytes),
    killGraceMs: Math.max(5_000, (state.lease.grace_seconds * 1000) / 2),
    deadlineUnix: () => place.heartbeats.deadlineUnix,
    command: () => place.heartbeats.command,
    reason: () => place.heartbeats.reason,
    onTick: () => report(work, place.output),
    onUsage: (usage) => {
      place.seen.usage = usage;
    },
    stopping: work.stopping,
  });
}

async function findOrStartTrainer(work: RunWork, { folder, heartbeats, seen }: Place): Promise<Trainer> {
  const { state, runner } = work;
  if (state.trainer) {
    const trainer = await runner.attach(state.trainer, folder);
    if (trainer) return trainer;
    await removeFolder(folder.out);
  }
  await makeRunFolder(folder);
  await writeRunState(folder, { ...state, trainer: null });
  const { data, run, job } = state.lease;
  const signal = AbortSignal.any([work.stopping, heartbeats.told]);
  await fetchData(work.client, { data, jobFolder: folder.job, signal });
  if (job.base_model) {
    const { files } = job.base_model;
    await work.baseModels.place(work.client, { files, folder: folder.baseModel, signal });
  }
  await writeJob(folder.job, state.lease, state.share);
  const outBytesMax = outBytesMaxOf(job.limits.submission_bytes);
  const trainer = await runner.start({ runId: run, template: work.template, folder, share: state.share, outBytesMax });
  seen.image = imageOf(trainer.handle);
  await writeRunState(folder, { ...state, trainer: trainer.handle });
  work.options.log.info({ runId: run, ...trainer.handle }, 'training');
  return trainer;
}

/** What the service said while files were downloaded; any other error is thrown on. */
function toldWhileFetching({ heartbeats }: Place, error: unknown): TrainerVerdict {
  if (!heartbeats.told.aborted) throw error;
  if (heartbeats.command !== 'finish') {
    return { kind: 'abandoned', message: heartbeats.reason ?? 'The lease is lost.' };
  }
  return { kind: 'failed', class: 'timeout', message: 'The deadline passed while files were downloaded.' };
}

async function send(work: RunWork, place: Place, state: RunState): Promise<RunEnd> {
  const { commit, lease } = state;
  if (!commit) throw new SubmissionError('The run has nothing to send.');
  try {
    await retry(() => sendSubmission(work.client, { runId: lease.run, outFolder: place.folder.out, commit }), {
      attemptsMax: 40,
      firstDelayMs: 250,
      delayMsMax: 10_000,
      retryable: worthAnotherTry,
      signal: work.stopping,
    });
    return { outcome: 'submitted', message: 'The model is with the service.' };
  } catch (error) {
    if (error instanceof ApiError && !error.retryable) return { outcome: 'abandoned', message: error.message };
    throw error;
  }
}

async function reportFailure(
  work: RunWork,
  output: TrainerOutput,
  failure: { class: FailureClass; message: string },
): Promise<RunEnd> {
  const { run, fence } = work.state.lease;
  const body = { fence, class: failure.class, message: failure.message.slice(0, 2_000), log_tail: output.tail };
  await retry(() => work.client.fail(run, body), {
    attemptsMax: work.stopping.aborted ? 2 : 5,
    firstDelayMs: 250,
    delayMsMax: 4_000,
    retryable: (error) => error instanceof ApiError && error.retryable,
  }).catch((error: unknown) => work.options.log.warn({ runId: run, err: error }, 'the failure was not delivered'));
  return { outcome: 'failed', message: failure.message, class: failure.class };
}

/** Which template trained, and in which image. */
const trainedBy = ({ template }: RunWork, { image }: Seen): Pick<Heartbeat, 'template' | 'image'> => ({
  template: templateId(template),
  ...(image === undefined ? {} : { image }),
});

const describe = (work: RunWork, { output, seen }: Pick<Place, 'output' | 'seen'>): Heartbeat => ({
  fence: work.state.lease.fence,
  ...trainedBy(work, seen),
  log_tail: output.tail,
  ...(output.progress ? { progress: output.progress } : {}),
  ...(seen.usage ? { usage: seen.usage } : {}),
});

function report(work: RunWork, output: TrainerOutput): void {
  const { progress } = output;
  if (!progress) return;
  work.options.onChange?.({ kind: 'progress', runId: work.state.lease.run, step: progress.step, loss: progress.loss });
}

const classOf = (error: unknown): FailureClass =>
  error instanceof SubmissionError
    ? 'user_code'
    : error instanceof ApiError || error instanceof DownloadError
      ? 'network'
      : 'hardware';

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
