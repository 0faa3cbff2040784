import { setTimeout as sleep } from 'node:timers/promises';
import type { MinerClient } from '@agon/client';
import type { MinerRun } from '@agon/contracts';
import type { Clock, Log } from '@agon/kit';
import type { MinerChange } from './options.ts';

const tickMs = 1_000;
const everyMsMin = 2_000;
const everyMsMax = 60_000;
/** A run is asked for every tenth of the time since it was handed in, so that a race of days costs few requests. */
const shareOfAge = 0.1;
const lastsMsMax = 7 * 24 * 3_600_000;

export type VerdictsOptions = {
  readonly client: Pick<MinerClient, 'run'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly onVerdict: (verdict: Verdict) => void;
};

export type Verdict = Extract<MinerChange, { kind: 'verdict' }>;

/** Follows runs that were handed in until the service says how they did: scores are sealed until a race is judged. */
export class Verdicts {
  readonly #options: VerdictsOptions;
  readonly #waiting = new Map<string, { readonly sinceMs: number; nextMs: number }>();
  readonly #closing = new AbortController();
  #looking: Promise<void> | undefined;

  constructor(options: VerdictsOptions) {
    this.#options = options;
  }

  follow(runId: string): void {
    const nowMs = this.#options.clock.nowMs();
    this.#waiting.set(runId, { sinceMs: nowMs, nextMs: nowMs });
    this.#looking ??= this.#look();
  }

  /** Runs that are not judged yet are followed no more. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.lookOnce();
      await sleep(tickMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Asks for the runs that are due. */
  async lookOnce(): Promise<void> {
    const { client, clock, log, onVerdict } = this.#options;
    const due = [...this.#waiting].filter(([, { nextMs }]) => nextMs <= clock.nowMs());
    for (const [runId, waiting] of due) {
      const ageMs = clock.nowMs() - waiting.sinceMs;
      waiting.nextMs = clock.nowMs() + Math.min(everyMsMax, Math.max(everyMsMin, ageMs * shareOfAge));
      try {
        const verdict = verdictOf(await client.run(runId));
        if (verdict || ageMs > lastsMsMax) this.#waiting.delete(runId);
        if (verdict) onVerdict(verdict);
      } catch (error) {
        log.warn({ err: error, runId }, 'how the run did is not known yet');
      }
    }
  }
}

/** What the service says of a run; undefined while it is sealed. */
export function verdictOf(run: MinerRun): Verdict | undefined {
  const base = { kind: 'verdict', runId: run.id, rank: run.rank, score: run.score } as const;
  if (run.status === 'rejected') return { ...base, outcome: 'rejected', message: run.error?.message ?? 'Rejected.' };
  if (run.status === 'cancelled') return { ...base, outcome: 'cancelled', message: 'The job was cancelled.' };
  if (run.won === null) return undefined;
  return { ...base, outcome: run.won ? 'won' : 'lost', message: run.won ? 'It won the race.' : placeOf(run.rank) };
}

const placeOf = (rank: number | null): string =>
  rank === null ? 'Another run won the race.' : `It came in at place ${rank}.`;
