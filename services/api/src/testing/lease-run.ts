import { createHash } from 'node:crypto';
import { someCapabilities } from '@agon/testing';
import { openRace } from './open-race.ts';
import type { TestApi } from './test-api.ts';
import { type TestMiner, testMiner } from './test-miner.ts';

export type Answer = Awaited<ReturnType<TestMiner['send']>>;
export const codeOf = (answer: { body: Record<string, unknown> }): string =>
  (answer.body.error as { code: string } | undefined)?.code ?? 'none';

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A submission of one file. */
export const aCommit = (bytes: Uint8Array) => ({
  format: 'onnx',
  files: [{ path: 'model.onnx', bytes: bytes.length, sha256: sha256(bytes) }],
});

/** A job of its own with a run in it. */
export async function leaseRun(api: TestApi, options: Parameters<typeof openRace>[1] = {}) {
  const job = await openRace(api, { seats: 1, ...options });
  const miner = testMiner(api, 'ada');
  await miner.register();
  const lease = await miner.lease(0, {}, someCapabilities({ tasks: [job.task] }));
  if (lease.status !== 200) throw new Error(`There was no lease but ${lease.status}.`);
  const run = lease.body.run as string;
  const act = (action: string, body: object = {}): Promise<Answer> =>
    miner.post(`/v1/miner/runs/${run}/${action}`, { fence: lease.body.fence, ...body });
  const [seat] = await api.stores.seats.listByJob(job.id);
  return { job, miner, lease, run, act, seatId: seat?.id ?? '' };
}

/** Leaves no seat over for the next test. */
export async function closeSeats(api: TestApi): Promise<void> {
  const jobs = await api.stores.jobs.list({ statuses: ['open'], limit: 100 });
  for (const job of jobs) await api.stores.seats.closeFree(job.id);
}
