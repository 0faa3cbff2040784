import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * A folder of this process below `parent`, such as for links to models on the file system of the blobs. What dead
 * processes of this machine left there is removed.
 */
export async function makeProcessFolder(input: {
  parent: string;
  machine: string;
  pid: number;
  isAlive?: (pid: number) => boolean;
}): Promise<string> {
  const { parent, machine, pid, isAlive = isProcessAlive } = input;
  await mkdir(parent, { recursive: true });
  for (const name of await readdir(parent)) {
    const [, owner, number] = /^(.+)-(\d+)$/.exec(name) ?? [];
    const left = owner === machine && (Number(number) === pid || !isAlive(Number(number)));
    if (left) await rm(join(parent, name), { recursive: true, force: true });
  }
  const folder = join(parent, `${machine}-${pid}`);
  await mkdir(folder);
  return folder;
}

function isProcessAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
