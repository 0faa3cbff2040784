import { createReadStream, openAsBlob } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ErrorEnvelope } from '@agon/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { badDatasets, badRequests } from './harness/bad-inputs.ts';
import { startService, type TestService } from './harness/service.ts';

let service: TestService;

beforeAll(async () => {
  service = await startService();
});
afterAll(() => service?.stop());

type Answer = { status: number; body: Partial<ErrorEnvelope> };

async function call(path: string, init: RequestInit): Promise<Answer> {
  const headers = { authorization: `Bearer ${service.stack.adminKey}`, ...(init.headers as Record<string, string>) };
  const response = await fetch(service.stack.url + path, { ...init, headers, signal: AbortSignal.timeout(60_000) });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
}

const post = (path: string, body: unknown): Promise<Answer> =>
  call(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

test.each(badDatasets.map((bad) => ({ ...bad, title: bad.name })))('dataset: $title', async (bad) => {
  const bytes = bad.file();
  const file = await service.client.files.create(
    new Blob([typeof bytes === 'string' ? bytes : new Uint8Array(bytes)]),
    'data.csv',
  );
  const body = { training_file: file.id, target: 'answer', budget: { minutes: 1 }, ...bad.job };
  const { status, body: answer } = await post('/v1/jobs', body);
  const code = status < 300 ? 'accepted' : answer.error?.code;
  expect({ code, ok: [bad.code].flat().includes(code ?? ''), message: answer.error?.message }).toMatchObject({
    ok: true,
  });
  expect(status).toBeLessThan(500);
  if (bad.row !== undefined) expect(answer.error?.problems?.map((problem) => problem.row)).toContain(bad.row);
  const validated = await post('/v1/jobs/validate', body);
  expect([validated.status < 500, (validated.body as { valid?: boolean }).valid ?? false]).toEqual([
    true,
    code === 'accepted',
  ]);
});

test.each(badRequests.map((bad) => ({ ...bad, title: bad.name })))('request: $title', async (bad) => {
  const { name: _name, path, status: expected, ...init } = bad;
  const answer = await call(path, init as RequestInit);
  expect(expected).toContain(answer.status);
  if (answer.status >= 400 && init.method !== 'HEAD') expect(answer.body.error?.code).toMatch(/^[a-z_]+$/);
});

test('a file of 2 GB is taken as a stream and refused or prepared with flat memory', async () => {
  const path = join(service.folder, 'big.csv');
  const out = await open(path, 'w');
  await out.write('x,answer\n');
  const block = Buffer.from(`${'0.123456789,'.repeat(9)}yes\n`.repeat(20_000));
  for (let written = 0; written < 2_000_000_000; written += block.length) await out.write(block);
  await out.close();
  const before = await residentMb('api');
  const file = await service.client.files.create(await openAsBlob(path), 'big.csv');
  expect(file.bytes).toBeGreaterThan(2e9);
  expect((await residentMb('api')) - before).toBeLessThan(250);
  await rm(path);
  const { status } = await post('/v1/jobs', { training_file: file.id, target: 'answer' });
  expect(status).toBeLessThan(500);
  await service.client.files.delete(file.id).catch(() => undefined);
}, 300_000);

test('after all of that the service is ready and every job that was accepted is still there', async () => {
  expect((await fetch(`${service.stack.url}/readyz`)).status).toBe(200);
  const jobs = await service.client.jobs.list({ limit: 100 });
  expect(jobs.data.length).toBeGreaterThan(5);
  expect(jobs.data.filter((job) => job.error?.code === 'internal')).toEqual([]);
});

async function residentMb(name: string): Promise<number> {
  const pid = service.stack.pids()[name];
  let text = '';
  for await (const chunk of createReadStream(`/proc/${pid}/status`)) text += chunk;
  return Number(/VmRSS:\s+(\d+)/.exec(text)?.[1]) / 1000;
}
