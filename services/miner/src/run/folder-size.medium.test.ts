import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { removeFolder } from '../run-folder.ts';
import { folderSize } from './folder-size.ts';

const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'agon-size-'));
const mib = 2 ** 20;
/** Longer, as a whole, than any path may be. */
const nest = (folder: string): unknown =>
  execFileSync('python3', ['-c', 'import os\nfor _ in range(900): os.mkdir("nested"); os.chdir("nested")'], {
    cwd: folder,
  });

test('files count by the disk that they take, in every folder', async () => {
  const folder = await newFolder();
  await mkdir(join(folder, 'a/b'), { recursive: true });
  await writeFile(join(folder, 'a/b/model.bin'), Buffer.alloc(mib, 1));
  await truncate(join(folder, 'a/b/model.bin'), mib);
  await writeFile(join(folder, 'sparse'), '');
  await truncate(join(folder, 'sparse'), 1_000 * mib);
  const { bytes, fault } = await folderSize(folder, 10 * mib);
  expect([Math.round(bytes / mib), fault]).toEqual([1, undefined]);
});

test('a link is not followed', async () => {
  const folder = await newFolder();
  await symlink('/usr', join(folder, 'usr'));
  expect((await folderSize(folder, mib)).bytes).toBeLessThan(mib);
});

test('a folder that hides what it holds is a fault, and can be removed', async () => {
  const folder = await newFolder();
  nest(folder);
  expect((await folderSize(folder, mib)).fault).toContain('deep');
  await removeFolder(folder);
  await expect(rm(folder)).rejects.toThrow('ENOENT');
});
