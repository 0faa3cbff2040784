import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ModelFile } from '@agon/contracts';
import { inside } from '@agon/kit';
import type { ArtifactStore } from '@agon/store';

/** A folder for work that ends with it. */
export async function inWorkFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'agon-publish-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Makes a folder in which these files have their names; their bytes stay where they are. */
export async function linkBlobs(
  artifacts: Pick<ArtifactStore, 'localPath'>,
  files: readonly ModelFile[],
  folder: string,
): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const { path, sha256 } of files) {
    const target = inside(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await symlink(await artifacts.localPath(sha256), target);
  }
  return folder;
}
