import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { shellTrainer } from '../testing/job-folder.ts';
import { processRunner } from './process-runner.ts';

const options = { clock: { nowMs: () => 0 }, python: 'python3', templatesFolder: '/nowhere', environment: process.env };
const runner = processRunner(options);

test('the exit code of a trainer and all that it printed are kept', async () => {
  const { folder, start } = await shellTrainer('echo out; echo err >&2; exit 3');
  const trainer = await runner.start(start);
  expect(await trainer.exit).toEqual({ code: 3, outOfMemory: false });
  expect(await readFile(folder.log, 'utf8')).toBe('out\nerr\n');
});

test('a trainer that saves on SIGTERM ends with its own code', async () => {
  const { start, folder } = await shellTrainer(
    'trap "echo saved; exit 0" TERM; echo ready; while :; do sleep 0.05; done',
  );
  const trainer = await runner.start(start);
  await untilLog(folder.log, 'ready');
  trainer.stop();
  expect((await trainer.exit).code).toBe(0);
  expect(await readFile(folder.log, 'utf8')).toContain('saved');
});

test('a SIGTERM that comes when the trainer has just ended takes nothing from its exit code', async () => {
  const { start, folder } = await shellTrainer('exit 0');
  const programs = join(folder.temporary, 'slow-programs');
  await mkdir(programs, { recursive: true });
  await writeFile(join(programs, 'mv'), '#!/bin/sh\necho moving\nsleep 0.5\nexec /bin/mv "$@"\n', { mode: 0o755 });
  const environment = { ...process.env, PATH: `${programs}:${process.env.PATH}` };
  const trainer = await processRunner({ ...options, environment }).start(start);
  await untilLog(folder.log, 'moving');
  trainer.stop();
  expect((await trainer.exit).code).toBe(0);
});

test('a trainer that ignores SIGTERM is killed with all that it started', async () => {
  const { start, folder } = await shellTrainer('trap "" TERM; sleep 600 & echo ready; wait');
  const trainer = await runner.start(start);
  await untilLog(folder.log, 'ready');
  trainer.stop();
  trainer.kill();
  expect(await trainer.exit).toEqual({ code: null, outOfMemory: false });
  expect((await trainer.usage())?.memory_mib).toBe(0);
});

test('a trainer goes on without its miner and is found again, also after it has ended', async () => {
  const { start, folder } = await shellTrainer('echo ready; sleep 0.6; exit 5');
  const first = await runner.start(start);
  await untilLog(folder.log, 'ready');
  const nextLife = processRunner(options);
  const found = await nextLife.attach(first.handle, folder);
  expect((await found?.exit)?.code).toBe(5);
  const later = await nextLife.attach(first.handle, folder);
  expect((await later?.exit)?.code).toBe(5);
});

test('a process that only has the same id is not taken for a trainer', async () => {
  const { folder } = await shellTrainer('true');
  expect(await runner.attach({ kind: 'process', pid: process.pid, startedAtMs: 0 }, folder)).toBeUndefined();
});

test('the memory of a trainer counts its children', async () => {
  const { start, folder } = await shellTrainer('sleep 5 & echo ready; wait');
  const trainer = await runner.start(start);
  await untilLog(folder.log, 'ready');
  expect((await trainer.usage())?.memory_mib).toBeGreaterThan(0.5);
  trainer.kill();
  await trainer.exit;
});

async function untilLog(path: string, text: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if ((await readFile(path, 'utf8').catch(() => '')).includes(text)) return;
    await sleep(25);
  }
  throw new Error(`${path} never said ${text}`);
}
