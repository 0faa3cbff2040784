import type { JobEvent, Progress } from '@agon/contracts';
import { ApiError } from './api-error.ts';
import { readServerSentEvents } from './server-sent-events.ts';
import { type Transport, urlPath } from './transport.ts';

export type JobStreamItem =
  | { readonly kind: 'event'; readonly event: JobEvent }
  | { readonly kind: 'progress'; readonly run: string; readonly miner: string; readonly progress: Progress };

const reconnectsMax = 60;
const reconnectDelayMsMax = 10_000;

/** Follows a job's events from `afterSequence` on, over as many connections as it takes, until the job ends. */
export async function* streamJob(
  transport: Transport,
  jobId: string,
  settings: { afterSequence?: number; signal?: AbortSignal },
): AsyncGenerator<JobStreamItem> {
  const place = { last: settings.afterSequence ?? 0, failures: 0 };
  while (place.failures < reconnectsMax) {
    try {
      for await (const item of connectOnce(transport, jobId, { last: place.last, signal: settings.signal })) {
        if (item === 'end') return;
        place.failures = 0;
        if (item.kind === 'event') place.last = item.event.sequence;
        yield item;
      }
    } catch (error) {
      if (isFinal(error, settings.signal)) throw error;
    }
    place.failures += 1;
    await delay(Math.min(reconnectDelayMsMax, 250 * 2 ** Math.min(place.failures, 6)), settings.signal);
  }
  throw new ApiError('The event stream broke too often.', { status: 0, code: 'unreachable' });
}

const isFinal = (error: unknown, signal: AbortSignal | undefined): boolean =>
  signal?.aborted === true || (error instanceof ApiError && !error.retryable);

async function* connectOnce(
  transport: Transport,
  jobId: string,
  settings: { last: number; signal: AbortSignal | undefined },
): AsyncGenerator<JobStreamItem | 'end'> {
  const response = await transport.send({
    method: 'GET',
    path: urlPath`/v1/jobs/${jobId}/events`,
    headers: { accept: 'text/event-stream', ...(settings.last > 0 ? { 'last-event-id': String(settings.last) } : {}) },
    signal: settings.signal,
  });
  if (!response.body) return;
  for await (const frame of readServerSentEvents(response.body as unknown as AsyncIterable<Uint8Array>)) {
    if (frame.event === 'end') yield 'end';
    else if (frame.event === 'progress') yield { kind: 'progress', ...JSON.parse(frame.data) };
    else yield { kind: 'event', event: JSON.parse(frame.data) };
  }
}

function delay(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, delayMs);
    signal?.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        reject(signal.reason);
      },
      { once: true },
    );
  });
}
