import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SelfTest } from '@agon/contracts';

const pathIn = (folder: string): string => join(folder, 'self-test.json');

/** What `agon mine doctor` found last in the folder of a miner; its registrations carry it. */
export async function readSelfTest(folder: string): Promise<SelfTest | undefined> {
  const text = await readFile(pathIn(folder), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return SelfTest.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export async function writeSelfTest(folder: string, result: SelfTest): Promise<void> {
  const path = pathIn(folder);
  await writeFile(`${path}.new`, JSON.stringify(SelfTest.parse(result)));
  await rename(`${path}.new`, path);
}
