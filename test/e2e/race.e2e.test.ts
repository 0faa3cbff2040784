import { verifyReceipt } from '@agon/cli/verify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { logisticCsv } from './harness/dataset.ts';
import { writeQuickTemplates } from './harness/quick-templates.ts';
import { startService, submitCsv, type TestService, untilEnd } from './harness/service.ts';

let service: TestService;

beforeAll(async () => {
  service = await startService();
  await writeQuickTemplates(service.templates, [
    { name: 'slope-2', slope: 2, steps: 5 },
    { name: 'slope-8', slope: 8, steps: 10 },
    { name: 'slope-40', slope: 40, steps: 3 },
  ]);
});
afterAll(() => service?.stop());

test('three miners race, the best model wins, is published once, and its receipt holds', async () => {
  for (const slope of ['slope-2', 'slope-8', 'slope-40']) await service.startMiner(slope, slope);
  const { client } = service;
  const created = await submitCsv(client, logisticCsv(2_000), { minutes: 2, seats: 3 });
  const { job, events } = await untilEnd(client, created.id);

  expect(job).toMatchObject({ status: 'succeeded', task: 'tabular-classification', error: null });
  expect(job.result?.winner.miner_name).toBe('slope-8');
  expect(job.result?.gain.ci95[0]).toBeGreaterThan(0);
  const board = await client.jobs.leaderboard(job.id);
  expect(board.data.map((entry) => [entry.miner.name, entry.won])).toEqual([
    ['slope-8', true],
    ['slope-2', false],
    ['slope-40', false],
  ]);
  const runs = (await client.jobs.runs(job.id)).data;
  expect(new Map(runs.map((run) => [run.id, run.score]))).toEqual(
    new Map(board.data.map(({ run, score }) => [run, score])),
  );
  expect(board.data.reduce((sum, entry) => sum + (entry.p_best ?? 0), 0)).toBeCloseTo(1, 6);

  const sequences = events.map((event) => event.sequence);
  expect(sequences).toEqual([...new Set(sequences)].sort((left, right) => left - right));
  expect(events.filter((event) => event.type === 'job.succeeded')).toHaveLength(1);
  expect((await client.models.list()).data.filter((model) => model.job === job.id)).toHaveLength(1);

  const receipt = await client.jobs.receipt(job.id);
  const keys = (await client.signingKeys()).data.map((key) => key.public_key);
  const checks = await verifyReceipt(receipt, { signingKeys: keys, dataset: undefined, model: undefined });
  expect(checks.filter((check) => check.ok !== true)).toEqual([]);
});

test('a job whose goal is reached ends before its time', async () => {
  const file = await service.client.files.create(new Blob([logisticCsv(1_000, 7)]), 'data.csv');
  const created = await service.client.jobs.create({
    training_file: file.id,
    target: 'answer',
    objective: { metric: 'accuracy', goal: 0.6 },
    budget: { minutes: 30, seats: 6 },
  });
  const { job } = await untilEnd(service.client, created.id);
  expect(job.status).toBe('succeeded');
  expect(job.finished_at ?? 0).toBeLessThan(job.deadline_at ?? 0);
});

test('a cancelled job stops its trainers and publishes nothing', async () => {
  const created = await submitCsv(service.client, logisticCsv(1_000, 9), { minutes: 5, seats: 3 });
  await untilRacing(created.id);
  expect((await service.client.jobs.cancel(created.id)).status).toBe('cancelled');
  const { job } = await untilEnd(service.client, created.id);
  expect(job).toMatchObject({ status: 'cancelled', model: null });
  const runs = (await service.client.jobs.runs(created.id)).data;
  expect(runs.filter((run) => !['cancelled', 'scored'].includes(run.status)).map((run) => run.error)).toEqual([]);
});

async function untilRacing(jobId: string): Promise<void> {
  for await (const item of service.client.jobs.stream(jobId)) {
    if (item.kind === 'event' && item.event.type === 'run.leased') return;
  }
}
