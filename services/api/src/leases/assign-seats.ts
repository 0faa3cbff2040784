import type { Capabilities } from '@agon/contracts';
import { matchSeats } from '@agon/domain';
import type { JobRecord, SeatRecord } from '@agon/store';
import type { OpenRaces } from './free-seats.ts';

/** A miner that waits for work. */
export type Asking = {
  readonly minerId: string;
  readonly capabilities: Capabilities;
  /** Asks for a seat of this job only. */
  readonly jobId?: string | undefined;
  /** `capabilities` and `jobId` as a key: equal machines are matched as one. */
  readonly machine: string;
  /** How many runs the miner had, of the jobs that were asked for. */
  readonly runsByJob: Map<string, number>;
};

export type Assignment<A extends Asking> = { readonly asking: A; readonly seat: SeatRecord; readonly job: JobRecord };

export type Plan<A extends Asking> = {
  readonly assignments: readonly Assignment<A>[];
  /** Miners that may get a seat once their runs in these jobs are counted. */
  readonly uncounted: readonly { readonly asking: A; readonly jobIds: readonly string[] }[];
};

/** Who names a job knows what it takes; the model may be trained already, elsewhere. */
const anySize = {
  memory_mib: Number.MAX_SAFE_INTEGER,
  vram_mib: Number.MAX_SAFE_INTEGER,
  cpus: Number.MAX_SAFE_INTEGER,
};

const nothingHeld: ReadonlySet<string> = new Set();
const noRuns: ReadonlyMap<string, number> = new Map();

/** Seats that one plan has not given away yet. */
class SeatsLeft {
  readonly #races: OpenRaces;
  readonly #jobs: readonly JobRecord[];
  readonly #nowMs: number;
  readonly #taken = new Map<string, Set<string>>();
  #free: readonly SeatRecord[];

  constructor(races: OpenRaces, nowMs: number) {
    this.#races = races;
    this.#jobs = [...races.jobs.values()];
    this.#nowMs = nowMs;
    this.#free = races.free;
  }

  get none(): boolean {
    return this.#free.length === 0;
  }

  /** Whether any seat fits such a machine, whoever has it. */
  fitsMachine(asking: Asking): boolean {
    return this.#match(asking, nothingHeld, noRuns).length > 0;
  }

  /** Seats that the miner may take, best first. */
  of(asking: Asking): readonly SeatRecord[] {
    const held = this.#races.heldJobs.get(asking.minerId) ?? nothingHeld;
    const taken = this.#taken.get(asking.minerId) ?? nothingHeld;
    return this.#match(asking, new Set([...held, ...taken]), asking.runsByJob);
  }

  take(asking: Asking, seat: SeatRecord): void {
    this.#taken.set(asking.minerId, (this.#taken.get(asking.minerId) ?? new Set()).add(seat.jobId));
    this.#free = this.#free.filter((other) => other !== seat);
  }

  #match(asking: Asking, heldJobs: ReadonlySet<string>, runsByJob: ReadonlyMap<string, number>): SeatRecord[] {
    const { jobId } = asking;
    const seats = jobId === undefined ? this.#free : this.#free.filter((seat) => seat.jobId === jobId);
    const capabilities = jobId === undefined ? asking.capabilities : { ...asking.capabilities, ...anySize };
    return matchSeats({ seats, jobs: this.#jobs, capabilities, runsByJob, heldJobs, nowMs: this.#nowMs });
  }
}

/**
 * Gives free seats to waiting miners in the order in which they wait, without touching a database. Whose runs are not
 * counted yet is named instead of served.
 *
 * @param options.assignmentsMax how many seats are given away in one plan.
 */
export function assignSeats<A extends Asking>(
  asking: readonly A[],
  races: OpenRaces,
  options: { nowMs: number; assignmentsMax: number },
): Plan<A> {
  const assignments: Assignment<A>[] = [];
  const uncounted: { asking: A; jobIds: string[] }[] = [];
  const hopeless = new Set<string>();
  const left = new SeatsLeft(races, options.nowMs);
  for (const each of asking) {
    if (left.none || assignments.length + uncounted.length >= options.assignmentsMax) break;
    if (hopeless.has(each.machine)) continue;
    const seats = left.of(each);
    const [seat] = seats;
    const job = seat && races.jobs.get(seat.jobId);
    if (!job) {
      if (!left.fitsMachine(each)) hopeless.add(each.machine);
      continue;
    }
    // Who is not counted yet keeps its turn: nobody behind it gets this seat now.
    left.take(each, seat);
    const jobIds = [...new Set(seats.map((other) => other.jobId))].filter((jobId) => !each.runsByJob.has(jobId));
    if (jobIds.length > 0) uncounted.push({ asking: each, jobIds });
    else assignments.push({ asking: each, seat, job });
  }
  return { assignments, uncounted };
}
