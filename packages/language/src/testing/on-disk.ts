import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ModelFile } from '../scorer/link-files.ts';
import type { Files } from './tiny-models.ts';

/** Writes files into a new folder below `root`. */
export async function onDisk(root: string, files: Files): Promise<ModelFile[]> {
  const folder = await mkdtemp(join(root, 'files-'));
  return Promise.all(
    Object.entries(files).map(async ([path, content]) => {
      const localPath = join(folder, path);
      await mkdir(dirname(localPath), { recursive: true });
      await writeFile(localPath, content);
      return { path, localPath };
    }),
  );
}
