import type { ByteSource } from '../ports/index.ts';

export type Interruptible = ByteSource & {
  /** Ends the iteration with an error, also while it waits for a chunk. */
  interrupt(reason: Error): void;
};

/** A source that can be given up while it waits for its next chunk, as one behind a dead connection does for ever. */
export function interruptible(source: ByteSource): Interruptible {
  let interrupt: (reason: Error) => void = () => undefined;
  const interrupted = new Promise<never>((_, reject) => {
    interrupt = reject;
  });
  interrupted.catch(() => undefined);

  async function* chunks(): AsyncGenerator<Uint8Array> {
    const iterator = source[Symbol.asyncIterator]();
    try {
      const step = () => Promise.race([iterator.next(), interrupted]);
      for (let next = await step(); !next.done; next = await step()) yield next.value;
    } finally {
      // Not awaited: a source that waits for ever would answer its end never.
      iterator.return?.().catch(() => undefined);
    }
  }

  return { [Symbol.asyncIterator]: chunks, interrupt };
}
