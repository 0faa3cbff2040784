import { AppError, type QueueHandlers, type QueueJobName, type QueuePayload, type Signal } from '@agon/contracts';
import type { QueueProducer } from '@agon/queue/producer';

export type AddedWork = {
  [N in QueueJobName]: { name: N; payload: QueuePayload<N>; delayMs: number };
}[QueueJobName];

/** A queue that only keeps what was added, and delivers signals at once. */
export class MemoryQueue implements QueueProducer {
  /** All that was added, oldest first; a test may empty it. */
  added: AddedWork[] = [];
  signals: Signal[] = [];
  /** While true, everything is refused as if Redis were out of reach. */
  away = false;
  readonly #listeners = new Set<(signal: Signal) => void>();

  async add<N extends QueueJobName>(
    name: N,
    payload: QueuePayload<N>,
    { delayMs = 0 }: { delayMs?: number } = {},
  ): Promise<void> {
    await this.ping();
    const work = { name, payload, delayMs } as AddedWork;
    const waits = this.added.some((other) => JSON.stringify(other) === JSON.stringify(work));
    if (!waits) this.added.push(work);
  }

  async signal(signal: Signal): Promise<void> {
    await this.ping();
    this.signals.push(signal);
    for (const listener of [...this.#listeners]) listener(signal);
  }

  onSignal(listener: (signal: Signal) => void): () => void {
    const own = (signal: Signal): void => listener(signal);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  async ping(): Promise<void> {
    if (this.away) throw new AppError('not_ready', 'The queue is out of reach.');
  }

  /** What was added to one queue. */
  ofQueue<N extends QueueJobName>(name: N): { payload: QueuePayload<N>; delayMs: number }[] {
    const work = this.added.filter((one) => one.name === name);
    return work as unknown as { payload: QueuePayload<N>; delayMs: number }[];
  }

  /** Does what waits without a delay, and what that adds, until nothing is left that one of the handlers takes. */
  async drain(handlers: Partial<QueueHandlers>): Promise<void> {
    const next = (): AddedWork | undefined =>
      this.added.find((work) => work.delayMs <= 0 && handlers[work.name] !== undefined);
    for (let work = next(); work; work = next()) {
      this.added = this.added.filter((other) => other !== work);
      const handle = handlers[work.name] as (payload: unknown) => Promise<unknown>;
      await handle(work.payload);
    }
  }
}
