import { mkdir, mkdtemp, readdir, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@agon/kit';
import { expect, test } from 'vitest';
import { processRunner } from '../runner/process-runner.ts';
import { shellManifest } from '../testing/job-folder.ts';
import { DiskKeeper } from './disk-keeper.ts';

const hour = 60 * 60_000;
const day = 24 * hour;
const nowMs = 100 * day;
const clock = { nowMs: () => nowMs };

/** A miner's folder with entries of these ages, and what was asked of the runner. */
async function keeperOf(ages: Readonly<Record<string, number>>, freeMib: readonly number[]) {
  const folder = await mkdtemp(join(tmpdir(), 'agon-disk-'));
  for (const [path, age] of Object.entries(ages)) {
    await mkdir(join(folder, path), { recursive: true });
    await writeFile(join(folder, path, 'file'), 'x');
    await utimes(join(folder, path), (nowMs - age) / 1000, (nowMs - age) / 1000);
  }
  const tidied: number[] = [];
  const runner = {
    ...processRunner({ clock, python: 'python3', templatesFolder: folder, environment: {} }),
    tidy: async (unusedMs: number) => void tidied.push(unusedMs),
  };
  const template = { manifest: shellManifest('true'), folder: join(folder, 'templates', 'used', 'sub'), foreign: true };
  const free = [...freeMib];
  const measure = async () => free.shift() ?? freeMib.at(-1) ?? 0;
  const keeper = new DiskKeeper({ folder, runner, templates: [template], clock, log: silentLog }, measure);
  const left = async (parent: string) => (await readdir(join(folder, parent))).sort();
  return { keeper, tidied, left };
}

const aged = {
  'runs/run_live0000': 5 * day,
  'runs/run_old00000': 2 * day,
  'runs/run_new00000': 2 * hour,
  'templates/used': 90 * day,
  'templates/old': 31 * day,
  'templates/new': 3 * day,
};

test('outputs and commits go by age; a live run and a template in use stay', async () => {
  const { keeper, tidied, left } = await keeperOf(aged, [50_000]);
  await keeper.check(new Set(['run_live0000']));
  expect(await left('runs')).toEqual(['run_live0000', 'run_new00000']);
  expect(await left('templates')).toEqual(['new', 'used']);
  await keeper.check(new Set());
  expect(tidied).toEqual([14 * day]);
});

test('a disk that is short is tidied more thoroughly, and still nothing that is in use goes', async () => {
  const { keeper, left } = await keeperOf(aged, [500, 50_000]);
  await keeper.check(new Set(['run_live0000']));
  expect(await left('runs')).toEqual(['run_live0000']);
  expect(await left('templates')).toEqual(['used']);
});

test('a disk that stays short takes no run', async () => {
  const { keeper } = await keeperOf({}, [500]);
  await expect(keeper.check(new Set())).rejects.toMatchObject({
    name: 'RunnerError',
    message: expect.stringContaining('500 MiB'),
  });
});
