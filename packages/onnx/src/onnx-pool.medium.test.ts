import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { OnnxChild } from './onnx-child.ts';
import { OnnxPool, type OnnxPoolOptions } from './onnx-pool.ts';
import { OnnxRejection } from './rejection.ts';
import { linearRegressor, slowRegressor } from './testing/models.ts';

const options: OnnxPoolOptions = {
  limits: { memoryMib: 1_024, threads: 1, timeMs: 30_000 },
  childrenMax: 2,
  memoryMibMax: 4_096,
  idleMs: 60_000,
  waitingMax: 100,
};
let folder: string;
let pool: OnnxPool;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agon-pool-'));
  for (const slope of [1, 2, 3, 4]) {
    await writeFile(join(folder, `${slope}.onnx`), linearRegressor({ slope, offset: 0 }));
  }
  await writeFile(join(folder, 'slow.onnx'), slowRegressor({ size: 1_500, steps: 400 }));
  await writeFile(join(folder, 'garbage.onnx'), 'garbage');
});
afterEach(() => pool.close());
afterAll(() => rm(folder, { recursive: true, force: true }));

const times = (slope: number, x: number) =>
  pool.use(join(folder, `${slope}.onnx`), async (child) => {
    const { prediction } = await child.run({ x: Float32Array.of(x) }, 1);
    return Number((prediction?.data as Float32Array | undefined)?.[0]);
  });
const childOf = (slope: number) => pool.use(join(folder, `${slope}.onnx`), async (child: OnnxChild) => child);

describe('a pool of loaded models', () => {
  test('the same model is loaded once and answers calls in turn', async () => {
    pool = new OnnxPool(options);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, x) => times(2, x)));
    expect(answers).toEqual(Array.from({ length: 20 }, (_, x) => 2 * x));
    expect(pool.size).toBe(1);
    expect(await childOf(2)).toBe(await childOf(2));
  });

  test('more models than places all get their turn, and no more than the places are loaded', async () => {
    pool = new OnnxPool(options);
    const work = Array.from({ length: 24 }, (_, index) => times((index % 4) + 1, index));
    const answers = await Promise.all(work);
    expect(answers).toEqual(answers.map((_, index) => ((index % 4) + 1) * index));
    expect(pool.size).toBeLessThanOrEqual(2);
  });

  test('the least recently used model makes room', async () => {
    pool = new OnnxPool(options);
    const first = await childOf(1);
    const second = await childOf(2);
    await childOf(1);
    await childOf(3);
    expect(first.alive).toBe(true);
    expect(second.alive).toBe(false);
  });

  test('models above the memory of the pool go, the one just used too', async () => {
    pool = new OnnxPool({ ...options, memoryMibMax: 10 });
    expect(await times(1, 3)).toBe(3);
    expect(await times(2, 3)).toBe(6);
    expect(pool.size).toBeLessThanOrEqual(1);
  });

  test('an idle model goes after a while', async () => {
    pool = new OnnxPool({ ...options, idleMs: 50 });
    const child = await childOf(1);
    while (child.alive) await sleep(10);
    expect(pool.size).toBe(0);
  });

  test('a dead process is replaced at the next call', async () => {
    pool = new OnnxPool(options);
    const child = await childOf(1);
    await child.close();
    expect(await times(1, 5)).toBe(5);
    expect(await childOf(1)).not.toBe(child);
  });

  test('a model that is too slow fails for its caller only', async () => {
    pool = new OnnxPool({ ...options, limits: { ...options.limits, timeMs: 800 } });
    const slow = pool.use(join(folder, 'slow.onnx'), (child) => child.run({ x: Float32Array.of(1) }, 1));
    await expect(slow).rejects.toMatchObject({ code: 'inference_too_slow' });
    expect(await times(1, 5)).toBe(5);
  });

  test('a file that is no model fails each time and takes no place', async () => {
    pool = new OnnxPool({ ...options, childrenMax: 1 });
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await expect(pool.use(join(folder, 'garbage.onnx'), async () => 1)).rejects.toBeInstanceOf(OnnxRejection);
    }
    expect(await times(1, 5)).toBe(5);
  });

  test('too many waiting calls are refused', async () => {
    pool = new OnnxPool({ ...options, waitingMax: 2 });
    const calls = await Promise.allSettled(Array.from({ length: 5 }, (_, x) => times(1, x)));
    expect(calls.map((call) => call.status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected']);
    expect(calls[4]).toMatchObject({ reason: { code: 'rate_limited' } });
  });

  test('close ends work in flight and refuses what comes later', async () => {
    pool = new OnnxPool(options);
    const slow = pool.use(join(folder, 'slow.onnx'), (child) => child.run({ x: Float32Array.of(1) }, 1));
    const failed = expect(slow).rejects.toThrow('closed');
    await childOf(1);
    await pool.close();
    await failed;
    await expect(times(1, 1)).rejects.toMatchObject({ code: 'not_ready' });
    expect(pool.size).toBe(0);
  });
});
