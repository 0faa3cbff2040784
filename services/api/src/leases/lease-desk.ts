import { AppError, type Capabilities, type Lease } from '@agon/contracts';
import type { MinerRecord } from '@agon/store';
import type { AppDeps } from '../deps.ts';
import type { Metrics } from '../http/metrics.ts';
import { type Asking, type Assignment, assignSeats, type Plan } from './assign-seats.ts';
import { readOpenRaces } from './free-seats.ts';
import { returnSeat, takeSeat } from './take-seat.ts';

/** Signals may be lost, so waiting miners look by themselves this often. */
const lookMs = 2_000;
const assignmentsPerLookMax = 32;
/** A miner that asks again within this time keeps its place in the line. */
const placeKeptMs = 30_000;
const placesMax = 20_000;
const fruitlessMax = 3;
/** Requests of one miner that may wait at once. */
const waitersPerMinerMax = 16;

type Waiter = Asking & {
  readonly miner: Pick<MinerRecord, 'id' | 'name'>;
  readonly sinceMs: number;
  /** True while a seat is being taken for it. */
  serving: boolean;
  /** Its connection is closed. */
  gone: boolean;
  /** Its time is over; it stays for the one look that everybody has. */
  late: boolean;
  looked: boolean;
  readonly end: (lease: Lease | undefined) => void;
};

export type LeaseQuestion = {
  readonly miner: Pick<MinerRecord, 'id' | 'name'>;
  readonly capabilities: Capabilities;
  readonly jobId?: string | undefined;
  readonly waitMs: number;
  /** Aborted when the connection closes. */
  readonly gone: AbortSignal;
};

/**
 * Where miners wait for work. All who wait share one look at the open races, made when a seat may have become free, when
 * a miner comes, and every 2 s; whoever has waited longest is served first. Nobody who went away gets a lease.
 */
export class LeaseDesk {
  readonly #deps: AppDeps;
  readonly #metrics: Metrics;
  readonly #waiters = new Set<Waiter>();
  readonly #places = new Map<string, { sinceMs: number; untilMs: number }>();
  #looking: Promise<void> | undefined;
  #again = false;
  #fruitless = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: AppDeps, metrics: Metrics) {
    this.#deps = deps;
    this.#metrics = metrics;
  }

  /** A seat may have become free. */
  wake(): void {
    if (this.#waiters.size === 0) return;
    if (this.#looking) {
      this.#again = true;
      return;
    }
    clearTimeout(this.#timer);
    this.#looking = this.#look().finally(() => {
      this.#looking = undefined;
      const again = this.#again;
      this.#again = false;
      if (again) setImmediate(() => this.wake());
      else if (this.#waiters.size > 0) this.#timer = setTimeout(() => this.wake(), lookMs);
    });
  }

  /**
   * Waits for a lease; undefined where there was none in time, the miner went away, or the service stops.
   *
   * @throws AppError `rate_limited` where the miner waits too often at once.
   */
  wait({ miner, capabilities, jobId, waitMs, gone }: LeaseQuestion): Promise<Lease | undefined> {
    const { stopping } = this.#deps;
    if (gone.aborted || stopping.aborted) return Promise.resolve(undefined);
    if (this.#waitersOf(miner.id) >= waitersPerMinerMax) {
      const message = `The miner waits in ${waitersPerMinerMax} requests already.`;
      return Promise.reject(new AppError('rate_limited', message, { retryAfterSeconds: waitMs / 1000 }));
    }
    return new Promise((resolve) => {
      const leave = (): void => {
        waiter.gone = true;
        if (!waiter.serving) waiter.end(undefined);
      };
      const tire = (): void => {
        waiter.late = true;
        if (waiter.looked && !waiter.serving) waiter.end(undefined);
      };
      const stop = (): void => {
        waiter.looked = true;
        tire();
      };
      const timer = setTimeout(tire, waitMs);
      const waiter: Waiter = {
        miner,
        minerId: miner.id,
        capabilities,
        jobId,
        machine: JSON.stringify([
          jobId,
          capabilities.tasks,
          capabilities.memory_mib,
          capabilities.vram_mib,
          capabilities.cpus,
        ]),
        runsByJob: new Map(),
        sinceMs: this.#placeOf(miner.id),
        serving: false,
        gone: false,
        late: false,
        looked: false,
        end: (lease) => {
          clearTimeout(timer);
          gone.removeEventListener('abort', leave);
          stopping.removeEventListener('abort', stop);
          this.#leave(waiter, lease !== undefined);
          resolve(lease);
        },
      };
      gone.addEventListener('abort', leave, { once: true });
      stopping.addEventListener('abort', stop, { once: true });
      this.#waiters.add(waiter);
      this.#metrics.leasesWaiting.set(this.#waiters.size);
      this.wake();
    });
  }

  /** Ends the looks; waiting miners were sent away by the `stopping` signal. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#looking;
    clearTimeout(this.#timer);
  }

  #waitersOf(minerId: string): number {
    let count = 0;
    for (const waiter of this.#waiters) if (waiter.minerId === minerId) count += 1;
    return count;
  }

  #placeOf(minerId: string): number {
    const nowMs = this.#deps.clock.nowMs();
    const place = this.#places.get(minerId);
    return place && place.untilMs > nowMs ? place.sinceMs : nowMs;
  }

  #leave(waiter: Waiter, served: boolean): void {
    this.#waiters.delete(waiter);
    this.#metrics.leasesWaiting.set(this.#waiters.size);
    this.#places.delete(waiter.minerId);
    if (served) return;
    const [oldest] = this.#places.keys();
    if (this.#places.size >= placesMax && oldest !== undefined) this.#places.delete(oldest);
    this.#places.set(waiter.minerId, { sinceMs: waiter.sinceMs, untilMs: this.#deps.clock.nowMs() + placeKeptMs });
  }

  async #look(): Promise<void> {
    const waiting = [...this.#waiters].filter((waiter) => !waiter.serving);
    let unsettled: readonly Waiter[] = [];
    try {
      unsettled = await this.#giveSeats(waiting);
    } catch (error) {
      this.#deps.log.warn({ err: error }, 'a look for free seats failed');
    }
    for (const waiter of waiting) {
      waiter.looked ||= !unsettled.includes(waiter);
      if (waiter.looked && waiter.late && !waiter.serving) waiter.end(undefined);
    }
  }

  /** Answers those whose turn was put off to the next look. */
  async #giveSeats(waiting: readonly Waiter[]): Promise<readonly Waiter[]> {
    this.#metrics.leaseLooks.inc();
    const races = await readOpenRaces(this.#deps.stores);
    if (races.free.length === 0) return [];
    const line = waiting.filter((waiter) => !waiter.gone).sort((left, right) => left.sinceMs - right.sinceMs);
    const options = { nowMs: this.#deps.clock.nowMs(), assignmentsMax: assignmentsPerLookMax };
    const plan = assignSeats(line, races, options);
    for (const { asking } of plan.assignments) asking.serving = true;
    const counting = this.#count(plan);
    const served = await Promise.all(plan.assignments.map((each) => this.#serve(each)));
    await Promise.all(counting);
    this.#lookOn(served.includes(true) || counting.length > 0, plan.assignments.length > 0);
    return plan.uncounted.map(({ asking }) => asking);
  }

  /** Counts the runs that the next look needs. */
  #count(plan: Plan<Waiter>): Promise<void>[] {
    return plan.uncounted.map(async ({ asking, jobIds }) => {
      const counts = await this.#deps.stores.runs.countByJob({ minerId: asking.minerId, jobIds });
      for (const jobId of jobIds) asking.runsByJob.set(jobId, counts.get(jobId) ?? 0);
    });
  }

  /** Looks again at once where more may be had; where others were faster, a few times. */
  #lookOn(progressed: boolean, tried: boolean): void {
    this.#fruitless = progressed ? 0 : this.#fruitless + 1;
    if (progressed || (tried && this.#fruitless <= fruitlessMax)) this.#again = true;
  }

  /** Answers whether the miner got a lease. */
  async #serve({ asking: waiter, seat, job }: Assignment<Waiter>): Promise<boolean> {
    let lease: Lease | undefined;
    try {
      if (!waiter.gone) lease = await takeSeat(this.#deps, { miner: waiter.miner, seat, job });
    } catch (error) {
      this.#deps.log.warn({ err: error, seatId: seat.id }, 'a seat could not be taken');
    }
    waiter.serving = false;
    waiter.runsByJob.delete(job.id);
    if (lease && waiter.gone) await returnSeat(this.#deps, lease);
    const given = waiter.gone ? undefined : lease;
    if (given) this.#metrics.leasesGiven.inc();
    if (given || waiter.gone || waiter.late) waiter.end(given);
    return given !== undefined;
  }
}
