import { copyFile, mkdir, open, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Progress, TrainerJob } from '@agon/contracts';
import type { Clock } from '@agon/kit';
import { outBytesMaxOf } from '../run/work-run.ts';
import { sendSeconds } from '../run/write-job.ts';
import { makeRunFolder, type RunFolder, runFolder } from '../run-folder.ts';
import type { Runner, Trainer, TrainerExit } from '../runner/runner.ts';
import { progressOf } from '../runner/trainer-output.ts';
import type { Template } from '../template/load-templates.ts';
import { changesBetween, snapshotOf } from './folder-snapshot.ts';

const tickMs = 100;
const logBytesMax = 4 * 1024 * 1024;

export type TrialInput = {
  readonly runner: Runner;
  readonly template: Template;
  readonly clock: Clock;
  /** Where the trial is kept; another name for each trial of a folder. */
  readonly folder: string;
  readonly name: string;
  /** All that the trainer is told but when it must be done. */
  readonly job: Omit<TrainerJob, 'deadline_unix'>;
  readonly data: Uint8Array;
  /** A folder in the layout of Hugging Face, copied for the trainer. */
  readonly baseModel: string | null;
  /** Until the deadline. */
  readonly seconds: number;
  /** Between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  /** Tells the trainer to save when it has gone a step, or after so long. */
  readonly stopAfterMs?: number;
  readonly signal: AbortSignal;
};

export type TrialEnd = {
  readonly exit: TrainerExit;
  /** `deadline` where it had to be told to save because its time was over, `early` where we told it before. */
  readonly told: 'deadline' | 'early' | null;
  /** It did not end in the grace time. */
  readonly killed: boolean;
  readonly seconds: number;
  readonly progress: readonly Progress[];
  /** The last lines that were no progress. */
  readonly log: string;
  readonly out: string;
  /** Files that it changed where it must not: in the job folder but `out`, and in its own folder. */
  readonly changed: readonly string[];
};

/**
 * Runs a template once on a job that nobody leased, as a miner would: the same folder, environment and signals.
 *
 * @throws the signal's reason when it is aborted; the trainer is killed then.
 */
export async function runTrial(input: TrialInput): Promise<TrialEnd> {
  const folder = runFolder(input.folder, input.name);
  await makeRunFolder(folder);
  const startedMs = input.clock.nowMs();
  await writeInputs(input, folder, startedMs / 1000 + input.seconds);
  const look = async () => ({
    job: await snapshotOf(folder.job, ['out']),
    own: await snapshotOf(input.template.folder, ['__pycache__', '.git']),
  });
  const before = await look();
  const { cpus, memory_mib: memoryMib, submission_bytes: submissionBytes } = input.job.limits;
  const trainer = await input.runner.start({
    runId: input.name,
    template: input.template,
    folder,
    share: { cpus, memoryMib, gpus: [] },
    outBytesMax: outBytesMaxOf(submissionBytes),
  });
  const end = await watch(input, { trainer, folder, startedMs });
  const after = await look();
  const changed = [...changesBetween(before.job, after.job), ...changesBetween(before.own, after.own)];
  const seconds = (input.clock.nowMs() - startedMs) / 1000;
  return { ...end, ...(await printed(folder.log)), seconds, out: folder.out, changed };
}

async function writeInputs(input: TrialInput, folder: RunFolder, deadlineUnix: number): Promise<void> {
  const job = TrainerJob.parse({ ...input.job, deadline_unix: deadlineUnix });
  await writeFile(join(folder.job, job.data.path), input.data);
  if (input.baseModel !== null) {
    await mkdir(folder.baseModel, { recursive: true });
    for (const name of await readdir(input.baseModel)) {
      await copyFile(join(input.baseModel, name), join(folder.baseModel, name));
    }
  }
  await writeFile(join(folder.job, 'job.json'), JSON.stringify(job, null, 2));
}

type Watching = { readonly trainer: Trainer; readonly folder: RunFolder; readonly startedMs: number };

async function watch(
  input: TrialInput,
  { trainer, folder, startedMs }: Watching,
): Promise<Pick<TrialEnd, 'exit' | 'told' | 'killed'>> {
  const exit = trainer.exit.then((end) => ({ end }));
  const overMs = startedMs + (input.seconds + sendSeconds) * 1000;
  let told: TrialEnd['told'] = null;
  let toldMs = Number.POSITIVE_INFINITY;
  let ended = await Promise.race([exit, sleep(tickMs, undefined)]);
  while (!ended && !input.signal.aborted && input.clock.nowMs() < toldMs + input.graceMs) {
    if (told === null) {
      const nowMs = input.clock.nowMs();
      told = nowMs >= overMs ? 'deadline' : (await isToStop(input, folder, nowMs - startedMs)) ? 'early' : null;
      if (told !== null) {
        toldMs = nowMs;
        trainer.stop();
      }
    }
    ended = await Promise.race([exit, sleep(tickMs, undefined)]);
  }
  if (!ended) trainer.kill();
  const { end } = await exit;
  input.signal.throwIfAborted();
  return { exit: end, told, killed: !ended };
}

async function isToStop({ stopAfterMs }: TrialInput, folder: RunFolder, passedMs: number): Promise<boolean> {
  if (stopAfterMs === undefined) return false;
  return passedMs >= stopAfterMs || (await printed(folder.log)).progress.some(({ step }) => step > 0);
}

/** What a trainer has printed, the first 4 MiB of it. */
async function printed(path: string): Promise<Pick<TrialEnd, 'progress' | 'log'>> {
  const file = await open(path, 'r').catch(() => undefined);
  if (!file) return { progress: [], log: '' };
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(logBytesMax), 0, logBytesMax, 0);
    const lines = buffer.toString('utf8', 0, bytesRead).split('\n');
    const log = lines.filter((line) => line !== '' && !progressOf(line));
    return { progress: lines.flatMap((line) => progressOf(line) ?? []), log: log.slice(-20).join('\n') };
  } finally {
    await file.close();
  }
}
