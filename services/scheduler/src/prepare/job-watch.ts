import type { Clock } from '@agon/kit';
import type { JobStore } from '@agon/store';

const lookEveryMs = 1_000;

/** The job was cancelled, or another delivery finished its preparation. */
export class JobLeftError extends Error {
  constructor() {
    super('The job is no longer preparing.');
    this.name = 'JobLeftError';
  }
}

/** Looks now and then whether a job still prepares, so that a cancelled one does not read on for minutes. */
export class JobWatch {
  readonly #jobs: Pick<JobStore, 'find'>;
  readonly #clock: Clock;
  readonly #jobId: string;
  readonly #abort = new AbortController();
  #lookedAtMs: number;

  constructor(input: { jobs: Pick<JobStore, 'find'>; clock: Clock; jobId: string }) {
    this.#jobs = input.jobs;
    this.#clock = input.clock;
    this.#jobId = input.jobId;
    this.#lookedAtMs = input.clock.nowMs();
  }

  /** Aborts when a look found that the job had left. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** @throws JobLeftError where the job left; reads the database at most once a second. */
  async check(): Promise<void> {
    const nowMs = this.#clock.nowMs();
    if (!this.#abort.signal.aborted && nowMs - this.#lookedAtMs >= lookEveryMs) {
      this.#lookedAtMs = nowMs;
      const job = await this.#jobs.find(this.#jobId);
      if (job?.status !== 'preparing' || job.parts !== null) this.#abort.abort(new JobLeftError());
    }
    this.#abort.signal.throwIfAborted();
  }
}
