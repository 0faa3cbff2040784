import type { Client } from '@agon/client';
import type { Job, JobEvent, Progress } from '@agon/contracts';
import type { Context } from '../context.ts';
import { LiveLines } from './bar.ts';
import { type Race, renderRace } from './race-view.ts';

const finalStatuses = ['succeeded', 'failed', 'cancelled'];

export type WatchOptions = {
  /** One JSON object a line instead of text. */
  readonly json?: boolean | undefined;
  readonly signal?: AbortSignal;
};

/** Follows a job to its end: a live picture in a terminal, a line an event elsewhere. Answers the job as it ended. */
export async function watchRace(
  client: Client,
  jobId: string,
  context: Context,
  options: WatchOptions = {},
): Promise<Job> {
  const view = options.json || !context.isTerminal ? undefined : new LiveView(client, jobId);
  try {
    const signal = options.signal ?? context.interrupted;
    for await (const item of client.jobs.stream(jobId, { signal })) {
      if (options.json) context.out(JSON.stringify(item));
      else if (item.kind === 'event') sayEvent(context, view, item.event);
      else view?.progress(item.run, item.progress);
    }
  } finally {
    view?.close();
  }
  return client.jobs.retrieve(jobId);
}

function sayEvent(context: Context, view: LiveView | undefined, event: JobEvent): void {
  view?.clear();
  const time = new Date(event.created_at * 1000).toISOString().slice(11, 19);
  context.out(`${time} ${event.level === 'info' ? '' : `${event.level}: `}${event.message}`);
  view?.refresh();
}

/** The moving part of a watched race, below the events. */
class LiveView {
  readonly #client: Client;
  readonly #jobId: string;
  readonly #lines = new LiveLines((text) => process.stdout.write(text));
  readonly #latest = new Map<string, Progress>();
  readonly #timer: NodeJS.Timeout;
  #race: Race | undefined;
  #busy = false;
  #stale = false;
  #closed = false;

  constructor(client: Client, jobId: string) {
    this.#client = client;
    this.#jobId = jobId;
    this.#timer = setInterval(() => this.#draw(), 250);
    this.refresh();
  }

  progress(runId: string, progress: Progress): void {
    this.#latest.set(runId, progress);
  }

  /** Asks the service for the state of the race; one question at a time, and once more for what came meanwhile. */
  refresh(): void {
    this.#stale = true;
    if (this.#busy) return;
    this.#busy = true;
    void this.#loadUntilFresh().finally(() => {
      this.#busy = false;
    });
  }

  clear(): void {
    this.#lines.clear();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#lines.clear();
  }

  async #loadUntilFresh(): Promise<void> {
    while (this.#stale && !this.#closed) {
      this.#stale = false;
      await this.#load();
    }
  }

  async #load(): Promise<void> {
    const loaded = await Promise.all([
      this.#client.jobs.retrieve(this.#jobId),
      this.#client.jobs.runs(this.#jobId),
      this.#client.jobs.leaderboard(this.#jobId),
    ]).catch(() => undefined);
    if (!loaded) return;
    const [job, runs, leaderboard] = loaded;
    this.#race = { job, runs: runs.data, leaderboard };
  }

  #draw(): void {
    if (!this.#race || finalStatuses.includes(this.#race.job.status)) return;
    const runs = this.#race.runs.map((run) => ({ ...run, progress: this.#latest.get(run.id) ?? run.progress }));
    this.#lines.draw(renderRace({ ...this.#race, runs }, Date.now() / 1000));
  }
}
