import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { MinerOptions } from '../options.ts';
import { removeFolder } from '../run-folder.ts';
import { RunnerError } from '../runner/runner.ts';
import type { Template } from '../template/load-templates.ts';
import { freeDiskMib } from './detect-capabilities.ts';

const hourMs = 60 * 60_000;
const dayMs = 24 * hourMs;
const tidyEveryMs = hourMs;
/** What was not used for so long is removed. */
const unusedMs = { images: 14 * dayMs, templates: 30 * dayMs, outputs: dayMs } as const;
/** The same where the disk is short. */
const unusedShortMs = 10 * 60_000;
export const diskMibMin = 2_048;

export type DiskKeeperOptions = Pick<MinerOptions, 'folder' | 'runner' | 'clock' | 'log'> & {
  readonly templates: readonly Template[];
};

/**
 * Keeps the miner's disk from filling: images that it pulled, commits that it fetched, outputs that a failed removal
 * left. Base models have a bound of their own. What a run uses stays.
 */
export class DiskKeeper {
  readonly #options: DiskKeeperOptions;
  readonly #measure: (folder: string) => Promise<number>;
  #tidiedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: DiskKeeperOptions, measure: (folder: string) => Promise<number> = freeDiskMib) {
    this.#options = options;
    this.#measure = measure;
  }

  /**
   * Tidies once an hour, and more thoroughly where the disk is short.
   *
   * @param live ids of the runs that go on.
   * @throws RunnerError while there is too little for another run.
   */
  async check(live: ReadonlySet<string>): Promise<void> {
    const { folder, clock, log } = this.#options;
    if (clock.nowMs() - this.#tidiedAtMs >= tidyEveryMs) {
      this.#tidiedAtMs = clock.nowMs();
      await this.#tidy(live, unusedMs);
    }
    if ((await this.#measure(folder)) >= diskMibMin) return;
    log.warn('the disk is short; what is not in use is removed');
    await this.#tidy(live, { images: unusedShortMs, templates: unusedShortMs, outputs: unusedShortMs });
    const free = await this.#measure(folder);
    if (free >= diskMibMin) return;
    throw new RunnerError(`Only ${free} MiB of disk are free; a run needs ${diskMibMin}. Free some, or move --folder.`);
  }

  async #tidy(
    live: ReadonlySet<string>,
    unused: { images: number; templates: number; outputs: number },
  ): Promise<void> {
    const { folder, runner, templates, log } = this.#options;
    await runner.tidy(unused.images).catch((error: unknown) => log.warn({ err: error }, 'images were not tidied'));
    await this.#removeOld(join(folder, 'runs'), unused.outputs, live);
    const commits = join(folder, 'templates');
    const inUse = templates.map((template) => relative(commits, template.folder).split(sep)[0] ?? '');
    await this.#removeOld(commits, unused.templates, new Set(inUse));
  }

  async #removeOld(parent: string, ageMs: number, keep: ReadonlySet<string>): Promise<void> {
    const { clock, log } = this.#options;
    for (const name of await readdir(parent).catch(() => [])) {
      const path = join(parent, name);
      const changed = await stat(path).catch(() => undefined);
      if (keep.has(name) || !changed || clock.nowMs() - changed.mtimeMs < ageMs) continue;
      await removeFolder(path).then(
        () => log.info({ path }, 'removed from the disk'),
        (error: unknown) => log.warn({ err: error, path }, 'not removed from the disk'),
      );
    }
  }
}
