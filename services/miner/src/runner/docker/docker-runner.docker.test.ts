import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { containerRunner, dockerOfTests } from '../../testing/docker-tests.ts';
import { shellTrainer } from '../../testing/job-folder.ts';
import type { Runner } from '../runner.ts';

const docker = dockerOfTests();

describe.runIf(docker)('a trainer in a container', () => {
  let runner: Runner;
  let owner: string;

  beforeAll(async () => {
    ({ runner, folder: owner } = await containerRunner(docker!));
  });

  const logOf = async (script: string): Promise<string> => {
    const { folder, start } = await shellTrainer(script);
    const trainer = await runner.start(start);
    await trainer.exit;
    return readFile(folder.log, 'utf8');
  };

  test('hands in what it wrote into out, and its code and its words are kept', async () => {
    const { folder, start } = await shellTrainer('echo out; echo err >&2; echo model > "$AGON_JOB/out/model"; exit 3');
    const trainer = await runner.start(start);
    expect(await trainer.exit).toEqual({ code: 3, outOfMemory: false });
    expect((await readFile(folder.log, 'utf8')).split('\n').sort()).toEqual(['', 'err', 'out']);
    expect(await readFile(join(folder.out, 'model'), 'utf8')).toBe('model\n');
  });

  test('is pinned to a digest', async () => {
    const { start } = await shellTrainer('true');
    const trainer = await runner.start(start);
    expect(trainer.handle).toMatchObject({ kind: 'container', image: expect.stringMatching(/sha256:[0-9a-f]{64}$/) });
    await trainer.exit;
  });

  test('learns its job folder and its threads, and no variable of the miner', async () => {
    const log = await logOf('echo "$AGON_JOB $HOME $OMP_NUM_THREADS"; env');
    expect(log).toContain('/job /tmp 1');
    expect(log).not.toMatch(/AGON_TEST|NODE_|VITEST/);
  });

  test('that saves on SIGTERM ends with its own code', async () => {
    const script = 'trap "echo saved; exit 0" TERM; echo ready; while :; do sleep 0.05; done';
    const { folder, start } = await shellTrainer(script);
    const trainer = await runner.start(start);
    await untilLog(folder.log, 'ready');
    trainer.stop();
    expect((await trainer.exit).code).toBe(0);
    expect(await readFile(folder.log, 'utf8')).toContain('saved');
  });

  test('that ignores SIGTERM is killed with all that it started', async () => {
    const { folder, start } = await shellTrainer('trap "" TERM; sleep 600 & echo ready; wait');
    const trainer = await runner.start(start);
    await untilLog(folder.log, 'ready');
    trainer.stop();
    trainer.kill();
    expect(await trainer.exit).toEqual({ code: null, outOfMemory: false });
  });

  test('goes on without its miner and is found again, also after it has ended', async () => {
    const { folder, start } = await shellTrainer('echo early; sleep 3; echo late; exit 5');
    const first = await runner.start(start);
    await untilLog(folder.log, 'early');
    const nextLife = (await containerRunner(docker!, owner)).runner;
    const found = await nextLife.attach(first.handle, folder);
    expect((await found?.exit)?.code).toBe(5);
    expect(await readFile(folder.log, 'utf8')).toContain('early\nlate\n');
    const later = await nextLife.attach(first.handle, folder);
    expect((await later?.exit)?.code).toBe(5);
  });

  test('of which nothing is left is not found', async () => {
    const { folder } = await shellTrainer('true');
    const gone = { kind: 'container', id: '0'.repeat(64), image: 'sha256:0', startedAtMs: 0 } as const;
    expect(await runner.attach(gone, folder)).toBeUndefined();
  });

  test('that a crashed miner left is removed, unless its run goes on', async () => {
    const { start } = await shellTrainer('sleep 600');
    const { start: kept } = await shellTrainer('sleep 600');
    const [left, other] = [await runner.start(start), await runner.start(kept)];
    await runner.sweep(new Set([kept.runId]));
    expect((await left.exit).code).toBeNull();
    expect(await Promise.race([other.exit, sleep(500, 'runs')])).toBe('runs');
    other.kill();
    await other.exit;
  });

  test('tells what it takes of the machine', async () => {
    const busy = 'python3 -c "x = bytearray(120 * 2**20)\nwhile True: pass"';
    const { start } = await shellTrainer(busy);
    const trainer = await runner.start(start);
    await sleep(1_500);
    expect((await trainer.usage())?.cpus).toBeNull();
    await sleep(1_500);
    const usage = await trainer.usage();
    expect(usage?.memory_mib).toBeGreaterThan(100);
    expect(usage?.cpus).toBeGreaterThan(0.05);
    trainer.kill();
    await trainer.exit;
  });

  test('without the image that it wants is refused with what to do', async () => {
    const { runner: other } = await containerRunner({ ...docker!, image: 'agon-nowhere.invalid/trainer:1' });
    const { start } = await shellTrainer('true');
    await expect(other.start(start)).rejects.toMatchObject({ name: 'RunnerError' });
  });

  test('that wants a GPU where Docker has no runtime for them is refused with what to do', async () => {
    const { start } = await shellTrainer('true', { share: { cpus: 1, memoryMib: 200, gpus: ['GPU-1'] } });
    await expect(runner.start(start)).rejects.toThrow(/NVIDIA Container Toolkit.*could not select device driver/);
  });
});

test('a daemon that is not there is named', async () => {
  const { runner } = await containerRunner({ host: 'unix:///nowhere/docker.sock', image: 'agon-trainer:latest' });
  await expect(runner.ready()).rejects.toThrow(/No Docker daemon answers/);
});

async function untilLog(path: string, text: string): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    if ((await readFile(path, 'utf8').catch(() => '')).includes(text)) return;
    await sleep(25);
  }
  throw new Error(`${path} never said ${text}`);
}
