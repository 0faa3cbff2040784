import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * A folder of this process for links to models, on the file system of the blobs, so that they are not copied. What dead
 * processes of this machine left there is removed.
 */
export async function makeScoringFolder(input: {
  artifactsFolder: string;
  machine: string;
  pid: number;
  isAlive: (pid: number) => boolean;
}): Promise<string> {
  const { artifactsFolder, machine, pid, isAlive } = input;
  const parent = join(artifactsFolder, 'scoring');
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
