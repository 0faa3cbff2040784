import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiError } from '@agon/client';
import { silentLog } from '@agon/kit';
import { fixedClock } from '@agon/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fileService } from '../testing/file-service.ts';
import { BaseModelCache } from './base-model-cache.ts';

const contents = {
  'config.json': Buffer.from('{}'),
  'model.safetensors': randomBytes(300_000),
  'other.safetensors': randomBytes(300_000),
};
const never = new AbortController().signal;

let folder: string;
let service: ReturnType<typeof fileService>;
let cache: BaseModelCache;
const clock = fixedClock();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agon-cache-'));
  service = fileService(contents);
  cache = open();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (bytesMax = 1e9): BaseModelCache =>
  new BaseModelCache({ folder: join(folder, 'cache'), bytesMax, clock, log: silentLog });
const place = (run: string, names: (keyof typeof contents)[], signal = never): Promise<void> =>
  cache.place(service.client, { files: names.map(service.file), folder: join(folder, run), signal });
const placed = (run: string, name: string): Promise<Buffer> => readFile(join(folder, run, name));
const weights = 'model.safetensors';

test('files are placed by their paths, read-only, as the service has them', async () => {
  await place('one', ['config.json', weights]);
  expect(await placed('one', weights)).toEqual(contents[weights]);
  expect(await placed('one', 'config.json')).toEqual(contents['config.json']);
  expect((await stat(join(folder, 'one', weights))).mode & 0o222).toBe(0);
});

test('a second run downloads nothing and shares the bytes on the disk', async () => {
  await place('one', ['config.json', weights]);
  const before = service.asked.length;
  await place('two', [weights]);
  expect(service.asked.length).toBe(before);
  const [one, two] = await Promise.all(['one', 'two'].map((run) => stat(join(folder, run, weights))));
  expect(one?.ino).toBe(two?.ino);
});

test('runs that want a file at once wait for one download', async () => {
  await Promise.all(['one', 'two', 'three'].map((run) => place(run, [weights])));
  expect(service.asked).toEqual([`/${weights} 0`]);
  expect(await placed('three', weights)).toEqual(contents[weights]);
});

test('a download that broke goes on where it stood, also after a restart of the miner', async () => {
  service.state.cutAfter = 100_000;
  await place('one', [weights]);
  expect(service.asked).toEqual([0, 100_000, 200_000].map((from) => `/${weights} ${from}`));
  service.state.cutAfter = 40_000;
  const controller = new AbortController();
  const other = 'other.safetensors';
  const stopped = place('one', [other], controller.signal);
  setTimeout(() => controller.abort(), 50);
  await expect(stopped).rejects.toThrow();
  service.state.cutAfter = undefined;
  service.asked.length = 0;
  cache = open();
  await place('two', [other]);
  expect(service.asked).toHaveLength(1);
  expect(service.asked[0]).not.toBe(`/${other} 0`);
  expect(await placed('two', other)).toEqual(contents[other]);
});

test('a cached file that a trainer wrote into is downloaded again', async () => {
  await place('one', [weights]);
  await chmod(join(folder, 'one', weights), 0o644);
  await writeFile(join(folder, 'one', weights), randomBytes(300_000));
  await place('two', [weights]);
  expect(await placed('two', weights)).toEqual(contents[weights]);
});

test('what was not used for longest goes when there is no room, and stays in the runs that have it', async () => {
  cache = open(650_000);
  await place('one', [weights]);
  clock.advance(60_000);
  await place('two', ['other.safetensors']);
  clock.advance(60_000);
  await place('three', [weights]);
  clock.advance(60_000);
  await writeFile(join(folder, 'cache', 'stray.part'), randomBytes(100_000));
  service = fileService({ ...contents, 'config.json': randomBytes(200_000) });
  await place('four', ['config.json']);
  const names = await readdir(join(folder, 'cache'));
  expect(names).toContain(service.file(weights).sha256);
  expect(names).not.toContain(service.file('other.safetensors').sha256);
  expect(await placed('two', 'other.safetensors')).toEqual(contents['other.safetensors']);
});

test('a folder that an earlier try filled is filled anew', async () => {
  await mkdir(join(folder, 'one'));
  await writeFile(join(folder, 'one', 'stray'), 'x');
  await place('one', [weights]);
  expect(await readdir(join(folder, 'one'))).toEqual([weights]);
});

test('a path that leaves the folder is refused', async () => {
  const file = { ...service.file(weights), path: '../../escaped' };
  await expect(
    cache.place(service.client, { files: [file], folder: join(folder, 'one'), signal: never }),
  ).rejects.toThrow(RangeError);
});

test('a refusal of the service ends the download at once', async () => {
  service.state.refusal = new ApiError('The race is over.', { status: 409, code: 'lease_lost' });
  await expect(place('one', [weights])).rejects.toMatchObject({ code: 'lease_lost' });
  expect(service.asked).toHaveLength(1);
});

test('bytes with another hash than the lease says never reach a run', async () => {
  const file = { ...service.file(weights), sha256: 'ab'.repeat(32) };
  const controller = new AbortController();
  const placing = cache.place(service.client, {
    files: [file],
    folder: join(folder, 'one'),
    signal: controller.signal,
  });
  setTimeout(() => controller.abort(), 100);
  await expect(placing).rejects.toThrow();
  expect(await readdir(join(folder, 'one'))).toEqual([]);
});
