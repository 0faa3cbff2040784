import { jobCatalog, type QueueJobName, type QueuePayload } from '@agon/contracts';

/** Work that is due within the same slice of time is the same work. */
const sliceMs = 250;

/** What is in a queue does not fit the catalog; no later try mends that. */
export class PayloadError extends Error {
  override readonly name = 'PayloadError';
}

/** Reads a payload by the catalog. @throws PayloadError where it is not one of this queue. */
export function readPayload<N extends QueueJobName>(name: N, payload: unknown): QueuePayload<N> {
  const parsed = jobCatalog[name].payload.safeParse(payload);
  if (!parsed.success) throw new PayloadError(`The payload does not fit ${name}: ${parsed.error.message}`);
  return parsed.data as QueuePayload<N>;
}

/** What names work within its queue: the ids of its payload. */
export function workKey(payload: Record<string, unknown>): string {
  const ids = Object.entries(payload).sort(([left], [right]) => (left < right ? -1 : 1));
  return ids.map(([, id]) => String(id)).join(',') || 'all';
}

/**
 * The end of the slice in which work falls due, so that equal requests, each with a delay that was computed a moment
 * apart, meet in one entry, and none runs before it is due.
 */
export const dueMs = (nowMs: number, delayMs: number): number => Math.ceil((nowMs + delayMs) / sliceMs) * sliceMs;
