import { once } from 'node:events';
import { isFinalJob, type JobStatus, type Signal } from '@agon/contracts';
import type { Response } from 'express';
import type { RouteDeps } from '../deps.ts';
import { Bell } from './bell.ts';
import { eventWire } from './job-wire.ts';

const heartbeatMs = 15_000;
/** Signals may be lost, so the log is looked at this often without one. */
const lookMs = 3_000;
const batch = 100;

type Watch = {
  readonly jobId: string;
  readonly afterSequence: number;
  readonly response: Response;
  readonly gone: AbortSignal;
};

type ProgressSignal = Signal & { kind: 'progress' };

const frame = (lines: Readonly<Record<string, string | number>>): string =>
  `${Object.entries(lines)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('')}\n`;

const progressFrame = ({ runId, minerName, progress }: ProgressSignal): string =>
  frame({ event: 'progress', data: JSON.stringify({ run: runId, miner: minerName, progress }) });

/** Writes and waits until the reader has room again, so a slow one holds nothing but the frame it is at. */
async function write(watch: Watch, text: string): Promise<void> {
  if (watch.gone.aborted || watch.response.write(text)) return;
  await once(watch.response, 'drain', { signal: watch.gone }).catch(() => undefined);
}

/** Sends what the log has after `sequence`; answers the last sequence sent. */
async function sendNew(deps: RouteDeps, watch: Watch, sequence: number): Promise<number> {
  let last = sequence;
  for (let full = true; full && !watch.gone.aborted; ) {
    const events = await deps.stores.events.list({ jobId: watch.jobId, afterSequence: last, limit: batch });
    for (const event of events) {
      await write(watch, frame({ id: event.sequence, data: JSON.stringify(eventWire(event)) }));
      last = event.sequence;
    }
    full = events.length === batch;
  }
  return last;
}

/** The final status of the job, or `deleted`; undefined while more may come. */
async function ended(deps: RouteDeps, jobId: string): Promise<JobStatus | 'deleted' | undefined> {
  const job = await deps.stores.jobs.find(jobId);
  if (!job) return 'deleted';
  return isFinalJob(job.status) ? job.status : undefined;
}

/**
 * Sends the log of a job as server-sent events until the job has ended and all was sent, the client goes away, or the
 * service stops. Progress is not kept: of each run only the newest frame waits for a slow reader.
 */
export async function streamEvents(deps: RouteDeps, watch: Watch): Promise<void> {
  const { response, jobId } = watch;
  const bell = new Bell();
  const progress = new Map<string, ProgressSignal>();
  const unsubscribe = deps.queue.onSignal((signal) => {
    if (signal.kind === 'seats' || signal.jobId !== jobId) return;
    if (signal.kind === 'progress') progress.set(signal.runId, signal);
    bell.ring(signal.kind === 'events');
  });
  const leave = (): void => bell.ring(true);
  watch.gone.addEventListener('abort', leave);
  deps.stopping.addEventListener('abort', leave);
  deps.metrics.streamsOpen.inc();
  response.status(200).set({ 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' });
  response.set('cache-control', 'no-store').flushHeaders();
  try {
    await follow(deps, watch, { bell, progress });
  } finally {
    unsubscribe();
    watch.gone.removeEventListener('abort', leave);
    deps.stopping.removeEventListener('abort', leave);
    deps.metrics.streamsOpen.dec();
    response.end();
  }
}

type Waiting = { readonly bell: Bell; readonly progress: Map<string, ProgressSignal> };

/** Sends the newest progress of each run; answers whether there was any. */
async function sendProgress(watch: Watch, progress: Map<string, ProgressSignal>): Promise<boolean> {
  const some = progress.size > 0;
  for (const [runId, signal] of progress) {
    progress.delete(runId);
    await write(watch, progressFrame(signal));
  }
  return some;
}

/** Keeps proxies from closing a quiet stream: a comment where nothing else was said for a while. */
class Heart {
  #quietMs = 0;

  /** @param round what was said in it and how long it waited before. */
  async beat(watch: Watch, round: { spoke: boolean; waitedMs: number }): Promise<void> {
    this.#quietMs = round.spoke ? 0 : this.#quietMs + round.waitedMs;
    if (this.#quietMs < heartbeatMs) return;
    this.#quietMs = 0;
    await write(watch, ': beat\n\n');
  }
}

async function follow(deps: RouteDeps, watch: Watch, { bell, progress }: Waiting): Promise<void> {
  const heart = new Heart();
  let sequence = watch.afterSequence;
  let rung: 'loudly' | 'softly' | 'time' = 'loudly';
  await write(watch, ': the log of a job\n\n');
  while (!watch.gone.aborted && !deps.stopping.aborted) {
    const before = sequence;
    if (rung !== 'softly') {
      const status = await ended(deps, watch.jobId);
      sequence = await sendNew(deps, watch, sequence);
      if (status) return write(watch, frame({ event: 'end', data: JSON.stringify({ status }) }));
    }
    const spoke = (await sendProgress(watch, progress)) || sequence > before;
    await heart.beat(watch, { spoke, waitedMs: rung === 'time' ? lookMs : 0 });
    rung = await bell.wait(lookMs);
  }
}
