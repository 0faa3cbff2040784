import type { JobStatus, RunStatus, SeatStatus, TaskName } from '@agon/contracts';

/** What the rules of a race read of a job; the stored record has it. */
export type RaceJob = {
  readonly id: string;
  readonly status: JobStatus;
  readonly createdAt: Date;
  /** When training must end; null until the first lease. */
  readonly deadlineAt: Date | null;
  /** When a job that no miner has joined gives up. */
  readonly waitUntil: Date | null;
  readonly graceSeconds: number;
  readonly goalReached: boolean;
  readonly spec: { readonly budget: { readonly minutes: number; readonly seats: number } };
};

export type RaceSeat = {
  readonly id: string;
  readonly jobId: string;
  readonly index: number;
  readonly status: SeatStatus;
};

export type RaceRun = { readonly id: string; readonly status: RunStatus; readonly createdAt: Date };

/** What a run needs of a machine. */
export type Needs = { readonly memoryMib: number; readonly vramMib: number; readonly cpus: number };

export type MatchableJob = RaceJob & { readonly task: TaskName; readonly needs: Needs };
