/**
 * Reads a model's folder on this machine before it is sent: which of its files are kept, and whether the service will
 * take them. May import contracts, kit and model-graph; the command line calls it.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, type BaseModelFacts } from '@agon/contracts';
import { readFacts } from './facts/read-facts.ts';
import { type FileEntry, folderFiles } from './files/model-files.ts';
import { selectFiles } from './files/select-files.ts';

export { revisionOf } from './revision.ts';

export type ModelFolder = { readonly files: readonly FileEntry[]; readonly facts: BaseModelFacts };

/** @throws AppError `base_model_invalid` that says what the folder lacks, `base_model_too_large` */
export async function readModelFolder(folder: string): Promise<ModelFolder> {
  const files = folderFiles(folder, await entriesOf(folder));
  const selected = await selectFiles(files);
  return { files: selected.files, facts: await readFacts(files, selected) };
}

/** Plain files at the top of the folder; a link counts as what it points to, as in the caches of Hugging Face. */
async function entriesOf(folder: string): Promise<FileEntry[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw new AppError('base_model_invalid', `${folder} is not a folder that can be read.`, {}, error);
  });
  const entries: FileEntry[] = [];
  for (const name of names) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found?.isFile()) entries.push({ path: name, bytes: found.size });
  }
  return entries;
}
