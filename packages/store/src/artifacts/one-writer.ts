import { AppError } from '@agon/contracts';
import type { ByteSource } from '../ports/index.ts';
import { type Interruptible, interruptible } from './interruptible.ts';

const overtaken = () =>
  new AppError('upload_offset_mismatch', 'Another request goes on with this upload; ask the offset again.');

type Writing = { readonly source: Interruptible; readonly ended: Promise<unknown> };

/**
 * In one process an upload has one writer: a new request interrupts the one before, whose connection is most likely dead.
 */
export class OneWriter {
  readonly #writing = new Map<string, Writing>();

  async write<T>(id: string, source: ByteSource, work: (source: Interruptible) => Promise<T>): Promise<T> {
    // Between the last look and the entry nobody else may enter: no call of `stop`, whose promise settles later.
    for (let one = this.#writing.get(id); one; one = this.#writing.get(id)) await interrupt(one);
    const chunks = interruptible(source);
    const written = work(chunks);
    const writing = { source: chunks, ended: written.catch(() => undefined) };
    this.#writing.set(id, writing);
    try {
      return await written;
    } finally {
      if (this.#writing.get(id) === writing) this.#writing.delete(id);
    }
  }

  async stop(id: string): Promise<void> {
    for (let one = this.#writing.get(id); one; one = this.#writing.get(id)) await interrupt(one);
  }
}

function interrupt(writing: Writing): Promise<unknown> {
  writing.source.interrupt(overtaken());
  return writing.ended;
}
