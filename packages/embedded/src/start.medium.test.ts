import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mongoose from 'mongoose';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startMongo } from './mongo/start.ts';
import { isUp, talk } from './redis/talk.ts';
import { type Embedded, startEmbedded } from './start.ts';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
let folder: string;
const running: Embedded[] = [];

async function start(): Promise<Embedded> {
  const embedded = await startEmbedded({ folder, environment: process.env, log });
  running.push(embedded);
  return embedded;
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agon-embedded-'));
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((embedded) => embedded.stop()));
  await rm(folder, { recursive: true });
});

it('starts both, keeps what was written, and starts again on the same data', async () => {
  const first = await start();
  const connection = await mongoose.createConnection(first.mongodbUrl).asPromise();
  await connection.collection('things').insertOne({ _id: 'a' as never, x: 1 });
  await connection.close();
  await first.stop();
  await expect(first.exited).resolves.toMatch(/ended with code 0/);

  const second = await start();
  const again = await mongoose.createConnection(second.mongodbUrl).asPromise();
  expect(await again.collection('things').find().toArray()).toEqual([{ _id: 'a', x: 1 }]);
  await again.close();
});

it('gives a Redis address whose password is needed', async () => {
  const { redisUrl } = await start();
  const { port, password } = new URL(redisUrl);
  expect(await isUp(Number(port), password)).toBe(true);
  expect(await talk(Number(port), 'wrong', 'PING')).toMatch(/WRONGPASS|invalid/i);
});

it('gives a MongoDB address whose password is needed', async () => {
  const { mongodbUrl } = await start();
  const { port } = new URL(mongodbUrl);
  const stranger = await mongoose.createConnection(`mongodb://127.0.0.1:${port}/agon`).asPromise();
  await expect(stranger.collection('things').findOne()).rejects.toMatchObject({ code: 13, codeName: 'Unauthorized' });
  await stranger.close();
  const guess = mongodbUrl.replace(/:[0-9a-f]{48}@/, ':guess@');
  await expect(mongoose.createConnection(guess).asPromise()).rejects.toThrow('Authentication failed');
  const plain = mongodbUrl.replace('&authMechanism=SCRAM-SHA-256', '');
  const connection = await mongoose.createConnection(plain).asPromise();
  expect(await connection.collection('things').findOne()).toBeNull();
  await connection.close();
});

it('refuses a folder that another process serves, and says which', async () => {
  await start();
  const { pid } = JSON.parse(await readFile(join(folder, 'mongo', 'lock'), 'utf8'));
  await expect(startMongo({ folder: join(folder, 'mongo'), log })).rejects.toThrow(`in use by process ${pid}`);
});
