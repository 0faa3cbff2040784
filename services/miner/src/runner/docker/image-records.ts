import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '@agon/kit';
import { z } from 'zod';

const ImageRecord = z.object({
  id: z.string(),
  /** What it was pulled or loaded as. */
  name: z.string(),
  usedAtMs: z.number(),
});
export type ImageRecord = z.infer<typeof ImageRecord>;
const Records = z.array(ImageRecord).max(10_000);

/** The images that a miner brought to its machine, and when it last used each: no other is ever removed. */
export class ImageRecords {
  readonly #path: string;
  readonly #clock: Clock;
  #changes: Promise<void> = Promise.resolve();

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
  }

  async list(): Promise<ImageRecord[]> {
    try {
      return Records.parse(JSON.parse(await readFile(this.#path, 'utf8')));
    } catch {
      return [];
    }
  }

  added = (id: string, name: string): Promise<void> =>
    this.#change((records) => [...without(records, id), { id, name, usedAtMs: this.#clock.nowMs() }]);

  used = (id: string): Promise<void> =>
    this.#change((records) =>
      records.map((each) => (each.id === id ? { ...each, usedAtMs: this.#clock.nowMs() } : each)),
    );

  removed = (id: string): Promise<void> => this.#change((records) => without(records, id));

  /** One change after the other, each written whole or not at all. */
  #change(make: (records: ImageRecord[]) => ImageRecord[]): Promise<void> {
    const changed = this.#changes.then(async () => {
      await mkdir(dirname(this.#path), { recursive: true });
      await writeFile(`${this.#path}.new`, JSON.stringify(make(await this.list())));
      await rename(`${this.#path}.new`, this.#path);
    });
    this.#changes = changed.catch(() => undefined);
    return changed;
  }
}

const without = (records: readonly ImageRecord[], id: string): ImageRecord[] =>
  records.filter((record) => record.id !== id);
