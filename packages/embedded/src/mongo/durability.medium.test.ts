import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import mongoose from 'mongoose';
import { expect, it } from 'vitest';

const program = fileURLToPath(new URL('../../dist/mongo/main.js', import.meta.url));
const WRITERS = 12;
const ROUNDS = 6;

/** What a writer was told: the value of each document, and the one whose fate it was not told. */
interface Told {
  values: Map<string, number | 'deleted'>;
  unsure: Set<string>;
}

/** A small generator, so that a failing round can be run again (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

async function start(folder: string): Promise<{ child: ChildProcess; connection: mongoose.Connection }> {
  const child = spawn(process.execPath, [program, '--folder', folder, '--exit-with-stdin'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface(child.stdout as NodeJS.ReadableStream), 'line');
  const url = `mongodb://127.0.0.1:${JSON.parse(String(line)).port}/agon`;
  return {
    child,
    connection: await mongoose.createConnection(url, { serverSelectionTimeoutMS: 1000, retryReads: false }).asPromise(),
  };
}

/** Inserts, changes and deletes its own documents until the connection breaks; calls `acknowledged` for each answer. */
async function write(
  connection: mongoose.Connection,
  name: string,
  told: Told,
  acknowledged: () => void,
): Promise<void> {
  const things = connection.collection<{ _id: string; slot: string; value: number }>('things');
  const attempt = async (_id: string, value: number | 'deleted', operation: () => Promise<unknown>): Promise<void> => {
    told.unsure.add(_id);
    await operation();
    told.unsure.delete(_id);
    told.values.set(_id, value);
    acknowledged();
  };
  try {
    for (let number = 0; ; number++) {
      const _id = `${name}-${number}`;
      await attempt(_id, 1, () => things.insertOne({ _id, slot: _id, value: 1 }));
      await attempt(_id, 2, () => things.updateOne({ slot: _id, value: 1 }, { $inc: { value: 1 } }));
      if (number % 3 === 0) await attempt(_id, 'deleted', () => things.deleteOne({ _id }));
      else
        await attempt(_id, 3, () =>
          things.findOneAndUpdate({ _id, value: 2 }, [{ $set: { value: { $add: ['$value', 1] } } }]),
        );
    }
  } catch (cause) {
    expect((cause as Error).name).toMatch(
      /^Mongo(Network|PoolCleared|ServerSelection|NotConnected|TopologyClosed|ClientClosed)/,
    );
  }
}

async function verify(connection: mongoose.Connection, told: Told): Promise<void> {
  const things = connection.collection<{ _id: string; slot: string; value: number }>('things');
  const stored = new Map((await things.find().toArray()).map(({ _id, value }) => [_id, value]));
  for (const [_id, value] of told.values) {
    if (told.unsure.has(_id)) continue;
    expect([_id, stored.get(_id)]).toEqual([_id, value === 'deleted' ? undefined : value]);
  }
  for (const _id of stored.keys()) expect(told.values.has(_id) || told.unsure.has(_id)).toBe(true);
  const [some] = [...stored.keys()];
  if (some === undefined) return;
  expect(await things.findOne({ slot: some })).toMatchObject({ _id: some });
  await expect(things.insertOne({ _id: 'rival', slot: some, value: 0 })).rejects.toMatchObject({ code: 11000 });
}

it('keeps every acknowledged write when it is killed at any point', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'agon-killed-'));
  const random = seeded(20261122);
  const told: Told = { values: new Map(), unsure: new Set() };
  for (let round = 0; round < ROUNDS; round++) {
    const { child, connection } = await start(folder);
    await connection.collection('things').createIndex({ slot: 1 }, { unique: true });
    await verify(connection, told);
    let left = 1 + Math.floor(random() * 400);
    const acknowledged = (): void => {
      left--;
      if (left === 0) child.kill('SIGKILL');
    };
    const ended = once(child, 'exit');
    await Promise.all(
      Array.from({ length: WRITERS }, (_, writer) => write(connection, `${round}-${writer}`, told, acknowledged)),
    );
    expect(await ended).toEqual([null, 'SIGKILL']);
    await connection.close(true);
  }
  const { child, connection } = await start(folder);
  await verify(connection, told);
  expect(told.values.size).toBeGreaterThan(ROUNDS);
  await connection.close();
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
  await rm(folder, { recursive: true });
});
