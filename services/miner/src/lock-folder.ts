import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Another miner works in the folder. */
export class FolderInUseError extends Error {
  constructor(folder: string, pid: number) {
    super(`Another miner (process ${pid}) works in ${folder}. Give this one a folder of its own with --folder.`);
    this.name = 'FolderInUseError';
  }
}

/**
 * Keeps a second miner out of a folder; a lock whose process is gone is taken over.
 *
 * @returns what gives the folder free again.
 * @throws FolderInUseError
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, 'miner.pid');
  const holder = Number(await readFile(path, 'utf8').catch(() => '0'));
  if (holder > 0 && holder !== process.pid && isAlive(holder)) throw new FolderInUseError(folder, holder);
  await rm(path, { force: true });
  const file = await open(path, 'wx');
  await file.writeFile(String(process.pid));
  await file.close();
  return () => rm(path, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
