import { chmod, copyFile, link, mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Lease, Sha256 } from '@agon/contracts';
import { type Clock, inside, type Log } from '@agon/kit';
import { type Downloader, downloadFile, type RemoteFile, sha256Of } from './download-file.ts';

/**
 * The time of change that a verified file carries. A trainer that wrote into the file would change it, and then the file is
 * verified again before its next use.
 */
const verifiedSeconds = 1_000_000_000;
const readOnly = 0o444;

type BaseModelFiles = NonNullable<Lease['job']['base_model']>['files'];

export type CacheOptions = {
  /** Holds files named by their sha256, and `<sha256>.part` of downloads that have not ended. */
  readonly folder: string;
  /** Files that were not used for longest go first when there are more bytes than this. */
  readonly bytesMax: number;
  readonly clock: Clock;
  readonly log: Log;
};

/**
 * Files of base models on the miner's disk, by hash: each is downloaded once, whatever run or base model asks, and put
 * into job folders as a read-only hard link. So removing one from the cache never takes it from a run.
 */
export class BaseModelCache {
  readonly #options: CacheOptions;
  readonly #fetching = new Map<string, Promise<void>>();

  constructor(options: CacheOptions) {
    this.#options = options;
  }

  /**
   * Puts the files of a base model into a folder, downloading what is not there yet.
   *
   * @throws as `downloadFile`
   */
  async place(
    client: Downloader,
    input: { files: BaseModelFiles; folder: string; signal: AbortSignal },
  ): Promise<void> {
    await mkdir(this.#options.folder, { recursive: true });
    await rm(input.folder, { recursive: true, force: true });
    for (const file of input.files) {
      const target = inside(input.folder, file.path);
      await mkdir(dirname(target), { recursive: true });
      await this.#placeFile(client, { ...file, name: file.path }, { target, signal: input.signal });
    }
  }

  #pathOf(sha256: string): string {
    return join(this.#options.folder, Sha256.parse(sha256));
  }

  /** One run at a time has to do with a file, so that the others find it there and nobody removes it meanwhile. */
  async #placeFile(client: Downloader, file: RemoteFile, to: { target: string; signal: AbortSignal }): Promise<void> {
    for (let other = this.#fetching.get(file.sha256); other; other = this.#fetching.get(file.sha256)) {
      await other.catch(() => undefined);
    }
    const fetching = this.#fetch(client, file, to.signal).then(() => this.#linkTo(file.sha256, to.target));
    this.#fetching.set(file.sha256, fetching);
    try {
      await fetching;
    } finally {
      this.#fetching.delete(file.sha256);
    }
  }

  async #fetch(client: Downloader, file: RemoteFile, signal: AbortSignal): Promise<void> {
    const path = this.#pathOf(file.sha256);
    if (await this.#isVerified(path, file)) return;
    await this.#makeRoom(file);
    const partial = `${path}.part`;
    await downloadFile(client, file, { path: partial, signal });
    await chmod(partial, readOnly);
    await rename(partial, path);
    await this.#markUsed(path);
    this.#options.log.info({ file: file.name, bytes: file.bytes }, 'a file of a base model was downloaded');
  }

  async #isVerified(path: string, file: RemoteFile): Promise<boolean> {
    const found = await stat(path).catch(() => undefined);
    if (!found) return false;
    const untouched = found.size === file.bytes && Math.floor(found.mtimeMs / 1000) === verifiedSeconds;
    if (untouched || (found.size === file.bytes && (await sha256Of(path)) === file.sha256)) {
      await this.#markUsed(path);
      return true;
    }
    this.#options.log.warn({ file: file.name }, 'a cached file was changed and is downloaded again');
    await rm(path, { force: true });
    return false;
  }

  /** The time of access is when it was last used; the time of change says that it is verified. */
  async #markUsed(path: string): Promise<void> {
    await utimes(path, Math.floor(this.#options.clock.nowMs() / 1000), verifiedSeconds);
  }

  async #linkTo(sha256: string, target: string): Promise<void> {
    const path = this.#pathOf(sha256);
    try {
      await link(path, target);
    } catch (error) {
      // Not every file system has hard links.
      this.#options.log.debug({ err: error }, 'copied instead of linked');
      await copyFile(path, target);
      await chmod(target, readOnly);
    }
  }

  /** Removes what was not used for longest, until the new file fits. A file that is larger than the cache is kept alone. */
  async #makeRoom(file: RemoteFile): Promise<void> {
    const names = (await readdir(this.#options.folder)).filter((name) => !name.startsWith(file.sha256));
    const entries = await Promise.all(names.map((name) => this.#entryOf(name)));
    const oldest = entries.flatMap((entry) => entry ?? []).sort((a, b) => a.usedMs - b.usedMs);
    let bytes = oldest.reduce((sum, entry) => sum + entry.bytes, 0) + file.bytes;
    for (const entry of oldest) {
      if (bytes <= this.#options.bytesMax) return;
      await rm(entry.path, { force: true });
      bytes -= entry.bytes;
      this.#options.log.info({ path: entry.path, bytes: entry.bytes }, 'removed from the cache of base models');
    }
  }

  /** A file that may be removed: one that is being fetched may not. */
  async #entryOf(name: string): Promise<{ path: string; bytes: number; usedMs: number } | undefined> {
    if (this.#fetching.has(name.replace(/\.part$/, ''))) return undefined;
    const path = join(this.#options.folder, name);
    const found = await stat(path).catch(() => undefined);
    return found?.isFile() ? { path, bytes: found.size, usedMs: found.atimeMs } : undefined;
  }
}
