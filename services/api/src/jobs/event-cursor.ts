import { AppError } from '@agon/contracts';
import type { EventStore } from '@agon/store';

const batch = 500;
const batchesMax = 200;

/**
 * Reads `after`: a sequence number, or the id of an event of the job.
 *
 * @throws AppError `invalid_request` where the job has no such event.
 */
export async function sequenceAfter(
  events: Pick<EventStore, 'list'>,
  cursor: { jobId: string; after: string | undefined },
): Promise<number> {
  const { jobId, after = '0' } = cursor;
  if (/^\d{1,15}$/.test(after)) return Number(after);
  let afterSequence = 0;
  for (let round = 0; round < batchesMax; round += 1) {
    const page = await events.list({ jobId, afterSequence, limit: batch });
    const found = page.find((event) => event.id === after);
    if (found) return found.sequence;
    if (page.length < batch) break;
    afterSequence = page.at(-1)?.sequence ?? afterSequence;
  }
  throw new AppError('invalid_request', 'after: is neither a sequence number nor the id of an event of this job', {
    param: 'after',
  });
}
