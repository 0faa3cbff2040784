import { readFile, rename, writeFile } from 'node:fs/promises';
import { TaskName } from '@agon/contracts';
import type { Clock } from '@agon/kit';
import { z } from 'zod';

const Refusal = z.object({
  /** `name@version`: another version may do better. */
  template: z.string(),
  task: TaskName,
  /** What the service said that the job needs. */
  neededMib: z.number(),
  /** What the run had, and used up. */
  givenMib: z.number(),
  atMs: z.number(),
});
type Refusal = z.infer<typeof Refusal>;
const Refusals = z.array(Refusal).max(1_000);

const keptMs = 14 * 24 * 60 * 60 * 1000;
const refusalsMax = 200;

/** What a run would be of: as the service measures a job, in the memory that it would get. */
export type RunSize = { readonly template: string; readonly task: TaskName; readonly neededMib: number };

/** Remembers on disk which sizes ran out of memory here, so that they are not tried again for two weeks. */
export class RefusedSizes {
  readonly #path: string;
  readonly #clock: Clock;
  #refusals: readonly Refusal[];

  private constructor(path: string, clock: Clock, refusals: readonly Refusal[]) {
    this.#path = path;
    this.#clock = clock;
    this.#refusals = refusals;
  }

  static async open(path: string, clock: Clock): Promise<RefusedSizes> {
    const text = await readFile(path, 'utf8').catch(() => '[]');
    return new RefusedSizes(path, clock, parse(text));
  }

  /** The job and all that need as much memory are refused from now on, unless the run would have more than it had. */
  async add(size: RunSize & { readonly givenMib: number }): Promise<void> {
    const { template, task, neededMib, givenMib } = size;
    const added = { template, task, neededMib, givenMib, atMs: this.#clock.nowMs() };
    this.#refusals = [...this.#lasting(), added].slice(-refusalsMax);
    await writeFile(`${this.#path}.new`, JSON.stringify(this.#refusals));
    await rename(`${this.#path}.new`, this.#path);
  }

  refuses(size: RunSize & { readonly givenMib: number }): boolean {
    return size.neededMib >= this.#ceilingOf(size, size.givenMib);
  }

  /**
   * The memory that a miner may say it has, so that no job comes which all its templates for the task refuse.
   *
   * @param ways the templates and the tasks that each knows.
   */
  offerMib(freeMib: number, ways: readonly Pick<RunSize, 'template' | 'task'>[], givenMib: number): number {
    const tasks = [...new Set(ways.map((way) => way.task))];
    const ceilings = tasks.map((task) =>
      Math.max(...ways.filter((way) => way.task === task).map((way) => this.#ceilingOf(way, givenMib))),
    );
    return Math.max(0, Math.min(freeMib, ...ceilings.map((ceiling) => ceiling - 1)));
  }

  /** The least need that ran out of memory with at least as much as would be given now. */
  #ceilingOf({ template, task }: Pick<RunSize, 'template' | 'task'>, givenMib: number): number {
    const same = this.#lasting().filter(
      (each) => each.template === template && each.task === task && each.givenMib >= givenMib,
    );
    return Math.min(Number.POSITIVE_INFINITY, ...same.map((each) => each.neededMib));
  }

  #lasting(): Refusal[] {
    return this.#refusals.filter((each) => each.atMs > this.#clock.nowMs() - keptMs);
  }
}

function parse(text: string): readonly Refusal[] {
  try {
    return Refusals.parse(JSON.parse(text));
  } catch {
    return [];
  }
}
