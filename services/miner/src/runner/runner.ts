import type { RunnerKind, RunUsage } from '@agon/contracts';
import { z } from 'zod';
import type { RunFolder } from '../run-folder.ts';
import type { Template } from '../template/load-templates.ts';

/** The part of the machine that a run may use. */
export type Share = {
  readonly cpus: number;
  readonly memoryMib: number;
  /** Uuids; no other run has them meanwhile, unless the owner lets runs share. */
  readonly gpus: readonly string[];
};

/** What a runner starts: a template's program on the folder of a run. */
export type TrainerStart = {
  readonly runId: string;
  readonly template: Template;
  readonly folder: RunFolder;
  readonly share: Share;
  /** What `out` may hold; a container may not write a larger file. */
  readonly outBytesMax: number;
};

/** Where a trainer can be found again after the miner's restart. */
export const TrainerHandle = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('process'), pid: z.int(), startedAtMs: z.number() }),
  /** `image` is what the container was made of, by digest. */
  z.object({ kind: z.literal('container'), id: z.string(), image: z.string(), startedAtMs: z.number() }),
]);
export type TrainerHandle = z.infer<typeof TrainerHandle>;

export const TrainerExit = z.object({
  code: z.int().nullable(),
  outOfMemory: z.boolean(),
  /** Why there is no code, where more is known than that the trainer was killed. */
  reason: z.string().optional(),
});
export type TrainerExit = z.infer<typeof TrainerExit>;

/** A running trainer. Its output is in the log file of the run's folder. */
export type Trainer = {
  readonly handle: TrainerHandle;
  /** Settles when the trainer has ended, also one that was attached to. */
  readonly exit: Promise<TrainerExit>;
  /** SIGTERM: save now. */
  readonly stop: () => void;
  /** SIGKILL, with everything the trainer started. */
  readonly kill: () => void;
  /** What it takes of the machine now; undefined where that cannot be seen. */
  readonly usage: () => Promise<RunUsage | undefined>;
};

/** A runner that cannot run trainers now; the message says what to do. */
export class RunnerError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'RunnerError';
  }
}

/** Runs trainers, as processes or in containers. */
export type Runner = {
  readonly kind: RunnerKind;
  /** Whether it may be given a program that nobody has read. */
  readonly isolates: boolean;
  /** @throws RunnerError while no trainer could be started. */
  readonly ready: () => Promise<void>;
  /** What it is, for people. @throws RunnerError while no trainer could be started. */
  readonly describe: () => Promise<string>;
  /** Gets what a template needs before its first run. @throws RunnerError */
  readonly prepare: (template: Template) => Promise<void>;
  /** @throws RunnerError */
  readonly start: (start: TrainerStart) => Promise<Trainer>;
  /** A trainer of an earlier life of the miner; undefined where it is gone without having left how it ended. */
  readonly attach: (handle: TrainerHandle, folder: RunFolder) => Promise<Trainer | undefined>;
  /** Ends and removes what a life that crashed left of runs that are not among these. */
  readonly sweep: (runIds: ReadonlySet<string>) => Promise<void>;
  /** Frees disk of what was not used for this long and is in no use now. */
  readonly tidy: (unusedMs: number) => Promise<void>;
};
