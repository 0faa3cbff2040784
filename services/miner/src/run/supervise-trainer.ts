import { setTimeout as sleep } from 'node:timers/promises';
import type { FailureClass, RunUsage } from '@agon/contracts';
import type { Clock } from '@agon/kit';
import type { Trainer, TrainerExit } from '../runner/runner.ts';
import { outputBytesMax, type TrainerOutput } from '../runner/trainer-output.ts';
import { folderSize } from './folder-size.ts';
import type { Command } from './heartbeats.ts';

/** How a trainer's life ended. */
export type TrainerVerdict =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly class: FailureClass; readonly message: string }
  | { readonly kind: 'abandoned'; readonly message: string };

export type Watched = {
  readonly trainer: Trainer;
  readonly output: TrainerOutput;
  readonly clock: Clock;
  readonly memoryMibMax: number;
  readonly outFolder: string;
  /** What `out` may hold. */
  readonly outBytesMax: number;
  /** How long a trainer may save after SIGTERM. */
  readonly killGraceMs: number;
  readonly deadlineUnix: () => number;
  readonly command: () => Command;
  readonly reason: () => string | null;
  readonly onTick: () => void;
  readonly onUsage: (usage: RunUsage) => void;
  /** Aborted when the owner stops the miner. */
  readonly stopping: AbortSignal;
};

const tickMs = 250;
const memoryEveryTicks = 8;
const diskEveryTicks = 4;

/** Watches a trainer until it ends: deadline, memory, disk, a flood of output, what the service commands. */
export async function superviseTrainer(watched: Watched): Promise<TrainerVerdict> {
  const exit = watched.trainer.exit.then((end) => ({ end }));
  const state: WatchState = { ticks: 0, stoppedAtMs: null };
  let verdict: TrainerVerdict | undefined;
  while (!verdict) {
    const ended = await Promise.race([exit, sleep(tickMs, undefined)]);
    await watched.output.read();
    if (ended) await watched.output.readRest();
    watched.onTick();
    verdict = ended ? verdictOf(watched, { ...ended.end, state }) : await faultOf(watched, state);
    if (verdict && !ended) {
      watched.trainer.kill();
      await exit;
    }
    state.ticks += 1;
  }
  return verdict;
}

type WatchState = { ticks: number; stoppedAtMs: number | null };

async function faultOf(watched: Watched, state: WatchState): Promise<TrainerVerdict | undefined> {
  const command = watched.command();
  if (watched.stopping.aborted) {
    return { kind: 'failed', class: 'hardware', message: 'The owner stopped the miner.' };
  }
  if (command === 'stop' || command === 'lost') {
    return { kind: 'abandoned', message: watched.reason() ?? 'The lease is lost.' };
  }
  if (watched.output.bytes > outputBytesMax) {
    return { kind: 'failed', class: 'user_code', message: `The trainer printed more than ${outputBytesMax} bytes.` };
  }
  return (
    (await memoryFault(watched, state)) ?? (await diskFault(watched, state)) ?? deadlineFault(watched, state, command)
  );
}

async function memoryFault(watched: Watched, state: WatchState): Promise<TrainerVerdict | undefined> {
  if (state.ticks % memoryEveryTicks !== 0) return undefined;
  // A look that fails says nothing of the trainer, and must not end it.
  const usage = await watched.trainer.usage().catch(() => undefined);
  if (!usage) return undefined;
  watched.onUsage(usage);
  if (usage.memory_mib <= watched.memoryMibMax) return undefined;
  const message = `The trainer used ${Math.round(usage.memory_mib)} MiB; this run may use ${watched.memoryMibMax} MiB.`;
  return { kind: 'failed', class: 'oom', message };
}

async function diskFault(watched: Watched, state: WatchState): Promise<TrainerVerdict | undefined> {
  if (state.ticks % diskEveryTicks !== 0) return undefined;
  const { bytes, fault } = await folderSize(watched.outFolder, watched.outBytesMax);
  if (fault !== undefined) return { kind: 'failed', class: 'user_code', message: `out/ has ${fault}.` };
  if (bytes <= watched.outBytesMax) return undefined;
  const message = `out/ holds more than ${Math.floor(watched.outBytesMax / 2 ** 20)} MiB, which is all that this run may write.`;
  return { kind: 'failed', class: 'user_code', message };
}

function deadlineFault(watched: Watched, state: WatchState, command: Command): TrainerVerdict | undefined {
  const nowMs = watched.clock.nowMs();
  const over = command === 'finish' || nowMs >= watched.deadlineUnix() * 1000;
  if (over && state.stoppedAtMs === null) {
    state.stoppedAtMs = nowMs;
    watched.trainer.stop();
  }
  if (state.stoppedAtMs === null || nowMs < state.stoppedAtMs + watched.killGraceMs) return undefined;
  const seconds = Math.round(watched.killGraceMs / 1000);
  return {
    kind: 'failed',
    class: 'timeout',
    message: `The trainer went on ${seconds} s past the deadline, although it was told to save.`,
  };
}

/** Exit codes of docs/trainer-contract.md. */
function verdictOf(watched: Watched, end: TrainerExit & { state: WatchState }): TrainerVerdict {
  if (end.code === 0) return { kind: 'done' };
  const late = end.state.stoppedAtMs !== null;
  if (end.outOfMemory) {
    const message = `The trainer was killed for its memory; this run may use ${watched.memoryMibMax} MiB.`;
    return { kind: 'failed', class: 'oom', message };
  }
  if (end.code === null) {
    const message = end.reason ?? 'The trainer was killed from outside.';
    return { kind: 'failed', class: late ? 'timeout' : 'hardware', message };
  }
  const failureClass = end.code === 64 ? 'data' : late ? 'timeout' : 'user_code';
  return {
    kind: 'failed',
    class: failureClass,
    message: `The trainer ended with code ${end.code}. ${lastLine(watched.output.tail)}`.trim(),
  };
}

function lastLine(text: string): string {
  const lines = text.trim().split('\n');
  return (lines.at(-1) ?? '').slice(0, 500);
}
