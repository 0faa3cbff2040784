import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLog } from '@agon/kit';
import type { EventRecord } from '@agon/store';
import { aJob, builtAt, MemoryQueue } from '@agon/testing';
import { expect, test } from 'vitest';
import type { RouteDeps } from '../deps.ts';
import { createMetrics } from '../http/metrics.ts';
import { streamEvents } from './stream-events.ts';

/** A response whose reader takes a frame only when the test says so. */
class SlowResponse extends EventEmitter {
  readonly frames: string[] = [];
  ended = false;
  write(text: string): boolean {
    this.frames.push(text);
    return false;
  }
  status = () => this;
  set = () => this;
  flushHeaders = () => this;
  end = () => {
    this.ended = true;
  };
  /** Answers once the writer waits again. */
  async drain(): Promise<void> {
    this.emit('drain');
    await sleep(5);
  }
}

const events: EventRecord[] = [1, 2, 3].map((sequence) => ({
  ...{ id: `evt_${sequence}`, jobId: 'job_00000001', sequence, key: String(sequence), type: 'job.changed' },
  ...{ level: 'info' as const, message: '', data: {}, createdAt: builtAt },
}));

test('a slow reader is given one frame at a time, and of the progress it missed only the newest of each run', async () => {
  const queue = new MemoryQueue();
  const response = new SlowResponse();
  const gone = new AbortController();
  const stores = {
    jobs: { find: async () => aJob({ status: 'open' }) },
    events: {
      list: async ({ afterSequence }: { afterSequence: number }) =>
        events.filter((event) => event.sequence > afterSequence),
    },
  };
  const deps = {
    stores,
    queue,
    log: silentLog,
    stopping: new AbortController().signal,
    metrics: createMetrics({ process: false, chat: { answers: 0, models: 0 } }),
  };
  const streaming = streamEvents(deps as unknown as RouteDeps, {
    ...{ jobId: 'job_00000001', afterSequence: 0, gone: gone.signal },
    response: response as never,
  });
  await sleep(5);
  expect(response.frames).toEqual([': the log of a job\n\n']);
  for (let step = 1; step <= 1_000; step += 1) {
    for (const runId of ['run_a', 'run_b']) {
      await queue.signal({ kind: 'progress', jobId: 'job_00000001', runId, minerName: 'ada', progress: { step } });
    }
  }
  expect(response.frames).toHaveLength(1);
  await response.drain();
  expect(response.frames).toHaveLength(2);
  for (let count = 0; count < 6; count += 1) await response.drain();
  const progress = response.frames.filter((frame) => frame.startsWith('event: progress'));
  expect(progress).toHaveLength(2);
  for (const frame of progress) expect(frame).toContain('"step":1000');
  expect(response.frames.filter((frame) => frame.startsWith('id: '))).toHaveLength(3);
  gone.abort();
  await streaming;
  expect(response.ended).toBe(true);
});
