import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, type MinerClient } from '@agon/client';
import {
  type Capabilities,
  type Lease,
  limits,
  type MinerRun,
  type SubmissionFormat,
  TaskName,
  taskTable,
} from '@agon/contracts';
import { retry } from '@agon/kit';
import type { MinerOptions } from './options.ts';
import { Heartbeats } from './run/heartbeats.ts';
import { minerClient } from './signed-client.ts';
import { type ReadyFolder, readReadyFolder } from './submission/read-ready-folder.ts';
import { SubmissionError } from './submission/read-submission.ts';
import { sendSubmission, worthAnotherTry } from './submission/send-submission.ts';

export type FolderSubmission = Pick<MinerOptions, 'baseUrl' | 'key' | 'name' | 'log' | 'clock' | 'newNonce'> & {
  /** The folder with the trained model. */
  readonly folder: string;
  /** Undefined takes any job that the format fits. */
  readonly jobId: string | undefined;
  /** Shown in the race in place of a recipe's name. */
  readonly label: string;
  readonly capabilities: Omit<Capabilities, 'tasks' | 'templates'>;
  /** How long to wait for a free seat. */
  readonly waitMs: number;
  /** How long to wait for the evaluator's verdict; 0 does not wait. */
  readonly verdictMs: number;
  readonly signal: AbortSignal;
  readonly onStep?: (step: SubmissionStep) => void;
};

export type SubmissionStep =
  | { readonly kind: 'read'; readonly format: SubmissionFormat; readonly files: number; readonly bytes: number }
  | { readonly kind: 'leased'; readonly run: string; readonly job: string; readonly task: TaskName }
  | { readonly kind: 'sent'; readonly run: string };

const sendAttemptsMax = 40;
const verdictLookMs = 1_000;
/** A lease request that names a job may be held like all others. */
const holdMsMax = limits.leaseWaitMsMax;

/**
 * Hands in a model that is trained already, whatever trained it: takes a seat, commits, sends, and waits for the verdict.
 * Answers the run as it then stands.
 *
 * @throws SubmissionError for a folder that is no submission or where no seat was free, ApiError
 */
export async function submitFolder(options: FolderSubmission): Promise<MinerRun> {
  const found = await readReadyFolder(options.folder, { bytesMax: limits.submissionBytesMax });
  const bytes = found.files.reduce((sum, file) => sum + file.bytes, 0);
  options.onStep?.({ kind: 'read', format: found.format, files: found.files.length, bytes });
  const client = minerClient(options);
  const capabilities = { ...options.capabilities, tasks: tasksOfFormat(found.format), templates: [] };
  await client.register({ public_key: options.key.publicKey, name: options.name, capabilities });
  const lease = await takeSeat(client, capabilities, options);
  options.onStep?.({ kind: 'leased', run: lease.run, job: lease.job.id, task: lease.job.task });
  await send(client, { lease, found, options });
  options.onStep?.({ kind: 'sent', run: lease.run });
  return waitForVerdict(client, lease.run, options);
}

const tasksOfFormat = (format: SubmissionFormat): TaskName[] =>
  TaskName.options.filter((task) => taskTable[task].formats.some((each) => each === format));

async function takeSeat(client: MinerClient, capabilities: Capabilities, options: FolderSubmission): Promise<Lease> {
  const untilMs = options.clock.nowMs() + options.waitMs;
  for (let leftMs = options.waitMs; leftMs >= 0; leftMs = untilMs - options.clock.nowMs()) {
    const request = { capabilities, job: options.jobId, wait_seconds: Math.min(leftMs, holdMsMax) / 1000 };
    const lease = await client.lease(request, options.signal);
    if (lease) return lease;
    if (leftMs === 0) break;
  }
  const which = options.jobId === undefined ? 'any job that takes this format' : options.jobId;
  throw new SubmissionError(
    `No seat of ${which} was free within ${Math.round(options.waitMs / 1000)} s. Is the job open, with time and seats left, and ` +
      `is its task one of ${capabilities.tasks.join(', ')}?`,
  );
}

type Sending = { readonly lease: Lease; readonly found: ReadyFolder; readonly options: FolderSubmission };

/** Beats while it sends, so that a slow line does not lose the seat; gives the seat back where it cannot send. */
async function send(client: MinerClient, { lease, found, options }: Sending): Promise<void> {
  const template = options.label;
  const heartbeats = new Heartbeats(client, {
    runId: lease.run,
    everyMs: lease.heartbeat_seconds * 1000,
    deadlineUnix: lease.deadline,
    describe: () => ({ fence: lease.fence, template }),
    log: options.log,
  });
  const commit = { fence: lease.fence, template, ...found };
  try {
    checkFits(lease, found);
    await retry(() => sendSubmission(client, { runId: lease.run, outFolder: options.folder, commit }), {
      attemptsMax: sendAttemptsMax,
      firstDelayMs: 250,
      delayMsMax: 10_000,
      retryable: worthAnotherTry,
      signal: options.signal,
    });
  } catch (error) {
    await giveBack(client, lease, error, options);
    throw error;
  } finally {
    await heartbeats.close();
  }
}

/** @throws SubmissionError */
function checkFits({ job }: Lease, { format, files }: ReadyFolder): void {
  const formats: readonly string[] = taskTable[job.task].formats;
  if (!formats.includes(format)) {
    throw new SubmissionError(`The folder is ${format}; ${job.task} takes ${formats.join(', ')}.`);
  }
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (bytes <= job.limits.submission_bytes) return;
  throw new SubmissionError(`The files have ${bytes} bytes; the job takes ${job.limits.submission_bytes}.`);
}

async function giveBack(
  client: MinerClient,
  lease: Lease,
  error: unknown,
  { log }: Pick<FolderSubmission, 'log'>,
): Promise<void> {
  const message = (error instanceof Error ? error.message : String(error)).slice(0, limits.messageCharactersMax);
  const failureClass = error instanceof ApiError ? ('network' as const) : ('user_code' as const);
  await client
    .fail(lease.run, { fence: lease.fence, class: failureClass, message, log_tail: '' })
    .catch((reason: unknown) => log.warn({ runId: lease.run, err: reason }, 'the seat was not given back'));
}

async function waitForVerdict(client: MinerClient, run: string, options: FolderSubmission): Promise<MinerRun> {
  const untilMs = options.clock.nowMs() + options.verdictMs;
  let now = await client.run(run);
  while ((now.status === 'uploaded' || now.status === 'scoring') && options.clock.nowMs() < untilMs) {
    await sleep(verdictLookMs, undefined, { signal: options.signal });
    now = await client.run(run);
  }
  return now;
}
