import { copyFile, link, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A file by the name that its folder shall have for it. */
export type ModelFile = { readonly path: string; readonly localPath: string };

/**
 * Makes a folder with these files without copying them where that can be: onnxruntime refuses weights behind symbolic
 * links, so they are hard links, and copies where the file system has none. Nobody may write to them.
 *
 * @param files with plain relative paths, as SubmissionPath has them.
 */
export async function linkFiles(folder: string, files: readonly ModelFile[]): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const { path, localPath } of files) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await link(localPath, target).catch(() => copyFile(localPath, target));
  }
  return folder;
}
