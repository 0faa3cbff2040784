import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type S3TestServer, s3Environment, startS3 } from '@agon/testing/s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { logisticCsv } from './harness/dataset.ts';
import { writeQuickTemplates } from './harness/quick-templates.ts';
import { startService, submitCsv, type TestService, untilEnd } from './harness/service.ts';

let s3: S3TestServer;
let service: TestService;

beforeAll(async () => {
  s3 = await startS3();
  service = await startService({ ARTIFACTS_URL: await s3.newBucket('race'), ...s3Environment });
  await writeQuickTemplates(service.templates, [
    { name: 'slope-2', slope: 2, steps: 3 },
    { name: 'slope-8', slope: 8, steps: 3 },
  ]);
});
afterAll(async () => {
  await service?.stop();
  await s3?.stop();
});

test('a whole race runs with every service on S3, and nothing of it is in a folder', async () => {
  await service.startMiner('slope-2', 'slope-2');
  await service.startMiner('slope-8', join(service.templates, 'slope-8'));
  const { client } = service;
  const created = await submitCsv(client, logisticCsv(2_000), { minutes: 2, seats: 2 });
  const { job } = await untilEnd(client, created.id);
  expect(job).toMatchObject({ status: 'succeeded', error: null });
  expect(job.result?.winner.miner_name).toBe('slope-8');

  const model = await client.models.retrieve(job.model ?? '');
  const weights = await client.models.file(model.id, 'model.onnx');
  expect(Buffer.from(await weights.arrayBuffer()).byteLength).toBeGreaterThan(100);
  expect(await readdir(service.folder)).not.toContain('artifacts');
  const cached = await readdir(join(service.folder, 'artifacts-cache', 'blobs'), { recursive: true });
  expect(cached.length).toBeGreaterThan(0);
});
