import { readdir, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@agon/kit';
import type { ByteSource } from '../../ports/index.ts';
import { blobPath, type Folders, makeFolders, removeOlder, statOf } from '../folders.ts';
import { writeTemporary } from '../temporary-blob.ts';

/** What was used so shortly ago may be about to be opened by whoever asked for its path. */
const spareMs = 10 * 60_000;
const temporaryKeptMs = 24 * 60 * 60_000;

type Cached = { readonly path: string; readonly bytes: number; readonly usedMs: number };

/**
 * Copies of blobs on this machine's disk, least recently used ones first to go. Processes may share the folder: a copy
 * appears by a rename, whole and with the right hash, and a file that is removed stays readable for who has it open.
 */
export class LocalCache {
  readonly #folders: Folders;
  readonly #bytesMax: number;
  readonly #clock: Clock;
  readonly #read: (sha256: string) => ByteSource;
  readonly #coming = new Map<string, Promise<string>>();

  /** @param options.bytesMax is passed for as long as what was used in the last ten minutes has more. */
  constructor(options: { folder: string; bytesMax: number; clock: Clock; read: (sha256: string) => ByteSource }) {
    this.#folders = makeFolders(options.folder);
    this.#bytesMax = options.bytesMax;
    this.#clock = options.clock;
    this.#read = options.read;
  }

  /**
   * The path of a copy, fetched where there is none.
   *
   * @throws AppError `disk_full`, and what reading the blob throws.
   */
  async path(sha256: string, bytes: number): Promise<string> {
    const path = blobPath(this.#folders, sha256);
    // The size is compared, too: a machine that lost its power may have kept the name without the bytes.
    if ((await statOf(path))?.size === bytes) {
      const now = new Date(this.#clock.nowMs());
      // Another process may have removed it in between; then it is fetched again.
      const touched = await utimes(path, now, now).then(
        () => true,
        () => false,
      );
      if (touched) return path;
    }
    const coming = this.#coming.get(sha256) ?? this.#fetch(sha256, bytes);
    this.#coming.set(sha256, coming);
    return coming;
  }

  async forget(sha256: string): Promise<void> {
    await rm(blobPath(this.#folders, sha256), { force: true });
  }

  async #fetch(sha256: string, bytes: number): Promise<string> {
    try {
      await this.#makeRoom(bytes);
      const copy = await writeTemporary(this.#folders, this.#read(sha256), bytes);
      await copy.keep();
      return blobPath(this.#folders, copy.sha256);
    } finally {
      this.#coming.delete(sha256);
    }
  }

  async #makeRoom(bytes: number): Promise<void> {
    const nowMs = this.#clock.nowMs();
    await removeOlder(this.#folders.temporary, new Date(nowMs - temporaryKeptMs));
    const cached = (await this.#cached()).toSorted((a, b) => a.usedMs - b.usedMs);
    let sum = cached.reduce((total, one) => total + one.bytes, bytes);
    for (const one of cached) {
      if (sum <= this.#bytesMax || one.usedMs > nowMs - spareMs) return;
      await rm(one.path, { force: true });
      sum -= one.bytes;
    }
  }

  async #cached(): Promise<Cached[]> {
    const found: Cached[] = [];
    for (const start of await readdir(this.#folders.blobs)) {
      for (const name of await readdir(join(this.#folders.blobs, start))) {
        const path = join(this.#folders.blobs, start, name);
        const facts = await statOf(path);
        if (facts?.isFile()) found.push({ path, bytes: facts.size, usedMs: facts.mtimeMs });
      }
    }
    return found;
  }
}
