import { readFile, rename, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock, Log } from '@agon/kit';
import type { Container, ContainerInspectInfo } from 'dockerode';
import { gpuUsage } from '../../resources/gpus.ts';
import type { RunFolder } from '../../run-folder.ts';
import { type Trainer, TrainerExit, type TrainerHandle } from '../runner.ts';
import { type UsageLook, usageOf } from './container-usage.ts';
import { answerMsMax, statusOf } from './docker-client.ts';
import type { OutputFollower } from './output-follower.ts';

const lookAgainMs = 1_000;
/** An answer that a dying daemon began never ends: so that we look ourselves, too. */
const waitMsMax = 5_000;
/** How long a daemon may be away before its containers count as lost. */
const outageMsMax = 5 * 60_000;
const drainMsMax = 5_000;
const signalAttemptsMax = 30;
const killedCode = 137;

export type ContainerTrainerInput = {
  readonly container: Container;
  readonly handle: TrainerHandle;
  readonly folder: RunFolder;
  readonly gpus: readonly string[];
  readonly follower: OutputFollower;
  readonly clock: Clock;
  readonly log: Log;
};

/** A trainer whose container runs, or has just ended. */
export function containerTrainer(input: ContainerTrainerInput): Trainer {
  const ended = new AbortController();
  const send = (signal: 'SIGTERM' | 'SIGKILL'): void => void signalUntilHeard(input, signal, ended.signal);
  return {
    handle: input.handle,
    exit: untilEnded(input).finally(() => ended.abort()),
    stop: () => send('SIGTERM'),
    kill: () => send('SIGKILL'),
    usage: usageLooks(input),
  };
}

/** How a trainer ended that left its container already; undefined where nothing is known. */
export async function readExit(path: string): Promise<TrainerExit | undefined> {
  try {
    return TrainerExit.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}

async function keepExit(path: string, exit: TrainerExit): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify(exit));
  await rename(`${path}.new`, path);
}

/** Waits for the end, keeps how it was on disk, and only then removes the container. */
async function untilEnded(input: ContainerTrainerInput): Promise<TrainerExit> {
  const { container, folder, follower, log } = input;
  const exit = await endOf(input);
  await follower.drain(drainMsMax);
  await keepExit(folder.exitCode, exit).catch((error: unknown) => log.warn({ err: error }, 'the exit was not kept'));
  await container
    .remove({ force: true, v: true })
    .catch((error: unknown) => log.warn({ err: error, container: container.id }, 'the container was not removed'));
  return exit;
}

/** The wait ends early when the daemon does: then we look again until it is back, and go on if the container lives. */
async function endOf({ container, follower, clock, log }: ContainerTrainerInput): Promise<TrainerExit> {
  let awaySinceMs: number | null = null;
  let exit: TrainerExit | undefined;
  while (!exit) {
    await waitFor(container);
    const look = await container
      .inspect({ abortSignal: AbortSignal.timeout(answerMsMax) })
      .catch((error: unknown) => error as Error);
    if (!(look instanceof Error)) {
      exit = exitOf(look, awaySinceMs !== null || follower.brokeOff);
      awaySinceMs = null;
      follower.mended();
    } else if (statusOf(look) === 404) {
      exit = { code: null, outOfMemory: false, reason: 'Somebody removed the container of the trainer.' };
    } else {
      awaySinceMs ??= clock.nowMs();
      log.warn({ err: look.message, container: container.id }, 'the Docker daemon does not answer');
      if (clock.nowMs() - awaySinceMs > outageMsMax) {
        exit = { code: null, outOfMemory: false, reason: 'The Docker daemon went away and did not come back.' };
      }
    }
    if (!exit && awaySinceMs !== null) await sleep(lookAgainMs);
  }
  return exit;
}

/** Until the container ends, or it is time to look. */
async function waitFor(container: Container): Promise<void> {
  const enough = new AbortController();
  const waiting = container.wait({ abortSignal: enough.signal }).catch(() => sleep(lookAgainMs));
  await Promise.race([waiting, sleep(waitMsMax, undefined, { signal: enough.signal })]);
  enough.abort();
}

/** @returns undefined while it runs. */
function exitOf({ State: state }: ContainerInspectInfo, wasAway: boolean): TrainerExit | undefined {
  if (state.Running || state.Restarting) return undefined;
  const outOfMemory = state.OOMKilled && state.ExitCode !== 0;
  if (wasAway && state.ExitCode !== 0 && !outOfMemory) {
    return { code: null, outOfMemory, reason: 'The Docker daemon stopped, and the container of the trainer with it.' };
  }
  if (state.ExitCode === killedCode && !outOfMemory) return { code: null, outOfMemory };
  return { code: state.ExitCode, outOfMemory };
}

/** A daemon that is away hears it when it is back. */
async function signalUntilHeard(
  { container, log }: ContainerTrainerInput,
  signal: 'SIGTERM' | 'SIGKILL',
  ended: AbortSignal,
): Promise<void> {
  for (let attempt = 0; attempt < signalAttemptsMax && !ended.aborted; attempt += 1) {
    try {
      await container.kill({ signal });
      return;
    } catch (error) {
      // 404 and 409: it is gone or has ended already.
      if ([404, 409].includes(statusOf(error) ?? 0)) return;
      log.warn({ err: error, container: container.id, signal }, 'the signal was not delivered');
      await sleep(lookAgainMs, undefined, { signal: ended }).catch(() => undefined);
    }
  }
}

function usageLooks({ container, gpus, clock }: ContainerTrainerInput): Trainer['usage'] {
  let last: UsageLook | undefined;
  return async () => {
    const options = { stream: false as const, 'one-shot': true, abortSignal: AbortSignal.timeout(answerMsMax) };
    const seen = usageOf(await container.stats(options).catch(() => undefined), last, clock.nowMs());
    if (!seen) return undefined;
    last = seen.look;
    return { ...seen.usage, gpus: await gpuUsage(gpus) };
  };
}
