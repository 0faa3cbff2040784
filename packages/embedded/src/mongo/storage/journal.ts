import { type Database, open, type RootDatabase } from 'lmdb';

/** A place in the file: a collection's number, then a record's number. Collection 0 holds the catalog. */
export type JournalKey = [collection: number, record: number];

/**
 * The durable half of the server: an lmdb file that is written in groups. Changes made in one turn of the event loop
 * land in one lmdb transaction, so a command is either whole in the file or not there; while one transaction is being
 * flushed, the next one gathers, so concurrent writers share a flush.
 *
 * `settled()` holds against both kinds of death. After kill -9 the kernel still has what lmdb wrote; against a power
 * loss, `overlappingSync: false` makes lmdb call fdatasync before the transaction counts as committed, so the promise is
 * not resolved earlier than the disk says that it has the data (as far as the disk tells the truth).
 */
export class Journal {
  readonly #root: RootDatabase<Buffer, JournalKey>;
  readonly #onFailure: (cause: unknown) => void;
  #pending: Array<{ key: JournalKey; bytes: Uint8Array | undefined }> = [];
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  /** `onFailure` is called when a write cannot be made durable: memory is then ahead of the disk, so the process must end. */
  constructor(path: string, onFailure: (cause: unknown) => void) {
    this.#root = open<Buffer, JournalKey>({ path, encoding: 'binary', overlappingSync: false, noSubdir: true });
    this.#onFailure = onFailure;
  }

  /** All that is stored under one collection number, in the order of its record numbers. */
  *read(collection: number): Generator<{ record: number; bytes: Uint8Array }> {
    const range = this.#root.getRange({ start: [collection, 0], end: [collection + 1, 0] });
    for (const { key, value } of range) yield { record: key[1], bytes: value };
  }

  /** Stores bytes at a key, or removes the key. Durable once `settled()` resolves. */
  write(key: JournalKey, bytes: Uint8Array | undefined): void {
    this.#pending.push({ key, bytes });
    this.#next ??= this.#flushAfter(this.#running);
  }

  /** Resolves when all that was written before is durable; at once when there is nothing to wait for. */
  settled(): Promise<void> {
    return this.#next ?? this.#running;
  }

  async close(): Promise<void> {
    await this.settled();
    await this.#root.close();
  }

  async #flushAfter(previous: Promise<void>): Promise<void> {
    await previous;
    const changes = this.#pending;
    this.#pending = [];
    this.#running = this.#next ?? this.#running;
    this.#next = undefined;
    try {
      await commit(this.#root, changes);
    } catch (cause) {
      this.#onFailure(cause);
      throw cause;
    }
  }
}

async function commit(
  database: Database<Buffer, JournalKey>,
  changes: ReadonlyArray<{ key: JournalKey; bytes: Uint8Array | undefined }>,
): Promise<void> {
  await database.batch(() => {
    for (const { key, bytes } of changes) {
      const done =
        bytes === undefined
          ? database.remove(key)
          : database.put(key, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      // The batch's own promise reports a failure; without this each write would report it again, unhandled.
      done.catch(() => undefined);
    }
  });
}
