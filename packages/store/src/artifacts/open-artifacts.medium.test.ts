import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError, readConfig, silentLog, systemClock } from '@agon/kit';
import { type S3TestServer, s3Credentials, startS3 } from '@agon/testing/s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { artifactSettings, openArtifacts } from './open-artifacts.ts';

let folder: string;
let server: S3TestServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agon-open-'));
  server = await startS3();
});
afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** As a service does it, from its environment. */
const open = async (environment: Record<string, string>) =>
  openArtifacts(readConfig(z.object(artifactSettings), { ARTIFACTS_CACHE_GIB: '1', ...environment }), {
    clock: systemClock,
    log: silentLog,
  });

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

test.each([
  ['ARTIFACTS_DIR', (path: string) => ({ ARTIFACTS_DIR: path })],
  ['ARTIFACTS_URL', (path: string) => ({ ARTIFACTS_URL: pathToFileURL(path).href })],
])('a folder is opened by %s', async (name, settingsOf) => {
  const path = join(folder, name);
  const { artifacts, folder: place } = await open(settingsOf(path));
  const { sha256 } = await artifacts.put(once('content'));
  expect(await artifacts.localPath(sha256)).toContain(path);
  expect(place).toBe(path);
});

test('a bucket is opened with a key from files, and copies lie in the folder that is named', async () => {
  const keyFile = join(folder, 'key');
  const secretFile = join(folder, 'secret');
  await writeFile(keyFile, `${s3Credentials.accessKeyId}\n`);
  await writeFile(secretFile, `${s3Credentials.secretAccessKey}\n`);
  const opened = await open({
    ARTIFACTS_URL: await server.newBucket('opened'),
    ARTIFACTS_CACHE_DIR: join(folder, 'cache'),
    AWS_ACCESS_KEY_ID_FILE: keyFile,
    AWS_SECRET_ACCESS_KEY_FILE: secretFile,
  });
  const { sha256 } = await opened.artifacts.put(once('content'));
  expect(await opened.artifacts.localPath(sha256)).toContain(join(folder, 'cache'));
  expect(await readdir(opened.folder)).toContain('blobs');
  opened.close();
});

test.each([
  [{}, 'Set ARTIFACTS_URL or ARTIFACTS_DIR'],
  [{ ARTIFACTS_URL: 'gs://bucket' }, 'neither file'],
  [{ ARTIFACTS_URL: 'relative/folder' }, 'neither file'],
  [{ ARTIFACTS_URL: 's3://bucket-1?acl=public' }, 'ARTIFACTS_URL'],
  [{ ARTIFACTS_URL: 's3://bucket-1', AWS_ACCESS_KEY_ID: 'x' }, 'belong together'],
  [{ ARTIFACTS_URL: 's3://bucket-1', AWS_ACCESS_KEY_ID_FILE: '/nowhere/key' }, 'AWS_ACCESS_KEY_ID_FILE cannot be read'],
])('%j is a fault of the configuration', async (settings, message) => {
  const opening = open({ ARTIFACTS_CACHE_DIR: join(folder, 'cache'), ...settings });
  await expect(opening).rejects.toThrow(ConfigError);
  await expect(opening).rejects.toThrow(message);
});
