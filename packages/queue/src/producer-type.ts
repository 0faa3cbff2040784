import type { QueueJobName, QueuePayload, Signal } from '@agon/contracts';

export type AddOptions = {
  /** When the work is due, from now. Left out: at once. */
  readonly delayMs?: number;
};

/** What puts work into the queues and tells other processes that something changed. */
export type QueueProducer = {
  /**
   * Asks for work. While work of the same name and payload waits that is due no later, a second add is a no-op; while
   * such work is being done, an add leads to one more run after it.
   *
   * @throws AppError `not_ready` where Redis is out of reach.
   */
  add<N extends QueueJobName>(name: N, payload: QueuePayload<N>, options?: AddOptions): Promise<void>;
  /** Tells every process that listens. A hint: it may be lost. */
  signal(signal: Signal): Promise<void>;
  /** Hears signals of every process, this one included; answers what ends it. */
  onSignal(listener: (signal: Signal) => void): () => void;
  /** @throws AppError `not_ready` where Redis does not answer in time. */
  ping(): Promise<void>;
};
