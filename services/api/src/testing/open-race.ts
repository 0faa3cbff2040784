import type { JobRecord } from '@agon/store';
import { aJobSpec, anOpenJob } from '@agon/testing';
import { someCsv, type TestApi } from './test-api.ts';

export const trainCsv = someCsv(120);

type Wanted = Partial<Omit<JobRecord, 'spec'>> & { seats?: number; minutes?: number };

/** An open job with its seats and its training part in the store. */
export async function openRace(
  api: TestApi,
  { seats = 3, minutes = 10, ...overrides }: Wanted = {},
): Promise<JobRecord> {
  const train = await api.artifacts.put(bytes(trainCsv));
  const now = new Date(api.clock.nowMs());
  const job = anOpenJob({
    id: api.newId('job'),
    createdAt: now,
    openedAt: now,
    waitUntil: new Date(now.getTime() + 3_600_000),
    spec: aJobSpec({ budget: { minutes, seats, wait_minutes: 60 } }),
    ...overrides,
  });
  if (job.parts) job.parts = { ...job.parts, train: { ...train, rows: 120 } };
  await api.stores.jobs.insert(job, { type: 'job.created', message: 'The job was created.' });
  await api.stores.seats.ensure({ jobId: job.id, count: seats, createdAt: now });
  return job;
}

export async function* bytes(text: string | Uint8Array): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
