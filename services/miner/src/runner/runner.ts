/** What a runner starts: a template's program on a job folder. */
export type TrainerStart = {
  readonly command: readonly string[];
  readonly workingFolder: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Receives stdout and stderr. */
  readonly logPath: string;
  /** Receives the exit code as text, so that a miner that was away can read it. */
  readonly exitCodePath: string;
};

/** Where a trainer can be found again after the miner's restart. */
export type TrainerHandle = { readonly pid: number; readonly startedAtMs: number };

export type TrainerExit = { readonly code: number | null; readonly outOfMemory: boolean };

/** A running trainer. */
export type Trainer = {
  readonly handle: TrainerHandle;
  /** Settles when the trainer has ended, also one that was attached to. */
  readonly exit: Promise<TrainerExit>;
  /** SIGTERM: save now. */
  readonly stop: () => void;
  /** SIGKILL, with everything the trainer started. */
  readonly kill: () => void;
  readonly memoryMib: () => Promise<number>;
};

/** Runs trainers: as processes now; in containers behind the same port. */
export type Runner = {
  readonly start: (start: TrainerStart) => Promise<Trainer>;
  /** A trainer of an earlier life of the miner; undefined where it is gone without having left an exit code. */
  readonly attach: (handle: TrainerHandle, exitCodePath: string) => Promise<Trainer | undefined>;
};
