import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeProcessFolder } from './process-folder.ts';

let artifactsFolder: string;
beforeEach(async () => {
  artifactsFolder = await mkdtemp(join(tmpdir(), 'agon-folder-'));
});
afterEach(() => rm(artifactsFolder, { recursive: true, force: true }));

test('what dead processes of this machine left goes; the living and other machines are left alone', async () => {
  for (const name of ['here-1', 'here-2', 'there-2', 'here-7', 'notes']) {
    await mkdir(join(artifactsFolder, 'scoring', name), { recursive: true });
    await writeFile(join(artifactsFolder, 'scoring', name, 'file'), 'left');
  }
  const folder = await makeProcessFolder({
    parent: join(artifactsFolder, 'scoring'),
    machine: 'here',
    pid: 7,
    isAlive: (pid) => pid === 1,
  });
  expect(folder).toBe(join(artifactsFolder, 'scoring', 'here-7'));
  expect((await readdir(join(artifactsFolder, 'scoring'))).sort()).toEqual(['here-1', 'here-7', 'notes', 'there-2']);
  expect(await readdir(folder)).toEqual([]);
});
