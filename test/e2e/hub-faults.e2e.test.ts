import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { createRepo, downloadFile, listFiles, uploadFiles } from '@huggingface/hub';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startService, type TestService } from './harness/service.ts';

let service: TestService;
let hub: { hubUrl: string; accessToken: string; repo: string };
beforeAll(async () => {
  service = await startService();
  const accessToken = `hf_${service.stack.adminKey}`;
  hub = { hubUrl: `${service.stack.url}/hub`, accessToken, repo: 'agon/faults' };
});
afterAll(() => service?.stop());

const content = Buffer.alloc(3_000_000, '\0weights ');
const oid = createHash('sha256').update(content).digest('hex');
const line = (key: string, value: unknown): string => `${JSON.stringify({ key, value })}\n`;
const headers = () => ({ authorization: `Bearer ${hub.accessToken}`, 'content-type': 'application/json' });

async function namesOf(): Promise<string[]> {
  const names: string[] = [];
  for await (const { path } of listFiles(hub)) names.push(path);
  return names;
}

/** Where to send the bytes; undefined where the service has them. */
async function uploadAddress(): Promise<string | undefined> {
  const body = JSON.stringify({ operation: 'upload', objects: [{ oid, size: content.length }] });
  const batch = await fetch(`${hub.hubUrl}/${hub.repo}.git/info/lfs/objects/batch`, {
    ...{ method: 'POST', headers: headers(), body },
  });
  const { objects } = (await batch.json()) as { objects: { actions?: { upload: { href: string } } }[] };
  return objects[0]?.actions?.upload.href;
}

async function killApi(): Promise<void> {
  const before = service.stack.pids().api;
  if (before) process.kill(before, 'SIGKILL');
  const isBack = () =>
    fetch(`${service.stack.url}/readyz`).then(
      ({ ok }) => ok && service.stack.pids().api !== before,
      () => false,
    );
  await expect.poll(isBack, { timeout: 60_000 }).toBe(true);
}

test('kill -9 between the blobs and the commit leaves no half commit and loses no blob', async () => {
  await createRepo(hub);
  const href = await uploadAddress();
  expect((await fetch(href ?? '', { method: 'PUT', body: content })).status).toBe(200);

  const call = request(`${hub.hubUrl}/api/models/${hub.repo}/commit/main`, { method: 'POST', headers: headers() });
  const broken = once(call, 'error');
  call.write(line('header', { summary: 'Add' }));
  call.write(line('lfsFile', { path: 'm.bin', algo: 'sha256', oid, size: content.length }));
  call.write(line('file', { path: 'a.txt', content: Buffer.from('a').toString('base64'), encoding: 'base64' }));
  // It answers only after it has read the lines before.
  await fetch(`${hub.hubUrl}/api/whoami-v2`, { headers: headers() });
  broken.catch(() => undefined);
  call.on('error', () => undefined);
  await killApi();

  expect(await namesOf()).toEqual([]);
  expect(await uploadAddress()).toBeUndefined();
  await uploadFiles({ ...hub, files: [{ path: 'm.bin', content: new Blob([content]) }] });
  expect(await namesOf()).toEqual(['m.bin']);
  const blob = await downloadFile({ ...hub, path: 'm.bin' });
  expect(Buffer.from(await (blob as Blob).arrayBuffer()).equals(content)).toBe(true);
});
