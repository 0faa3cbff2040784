import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, type MinerClient } from '@agon/client';
import type { Heartbeat, HeartbeatAnswer } from '@agon/contracts';
import type { Log } from '@agon/kit';

/** What the service last said; `lost` when the lease is gone. */
export type Command = HeartbeatAnswer['command'] | 'lost';

/**
 * Beats until it is closed. A service that can't be reached changes nothing: a healthy trainer goes on, and the run is
 * still taken in the grace time.
 */
export class Heartbeats {
  readonly #abort = new AbortController();
  readonly #told = new AbortController();
  readonly #loop: Promise<void>;
  #command: Command = 'continue';
  #reason: string | null = null;
  #deadlineUnix: number;

  constructor(
    client: MinerClient,
    options: { runId: string; everyMs: number; deadlineUnix: number; describe: () => Heartbeat; log: Log },
  ) {
    this.#deadlineUnix = options.deadlineUnix;
    this.#loop = this.#run(client, options);
  }

  get command(): Command {
    return this.#command;
  }

  /** Aborted when the service wants the work to end. */
  get told(): AbortSignal {
    return this.#told.signal;
  }

  get reason(): string | null {
    return this.#reason;
  }

  /** The service may move it, after a pause for instance. */
  get deadlineUnix(): number {
    return this.#deadlineUnix;
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.#loop;
  }

  async #run(
    client: MinerClient,
    options: { runId: string; everyMs: number; describe: () => Heartbeat; log: Log },
  ): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted && this.#command !== 'lost') {
      await this.#beat(client, options);
      await sleep(options.everyMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #beat(client: MinerClient, options: { runId: string; describe: () => Heartbeat; log: Log }): Promise<void> {
    try {
      const answer = await client.heartbeat(options.runId, options.describe());
      this.#command = answer.command;
      this.#reason = answer.reason;
      this.#deadlineUnix = answer.deadline;
      if (answer.command !== 'continue') this.#told.abort();
    } catch (error) {
      const lost = error instanceof ApiError && (error.code === 'lease_lost' || error.code === 'run_not_found');
      if (lost) {
        this.#command = 'lost';
        this.#told.abort();
      }
      options.log.warn({ runId: options.runId, err: error }, lost ? 'the lease is lost' : 'heartbeat not delivered');
    }
  }
}
