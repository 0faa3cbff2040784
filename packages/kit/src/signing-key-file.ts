import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { newSigningKeyPem, readSigningKey, type SigningKey } from './ed25519.ts';

const isThereAlready = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'EEXIST';

/** Reads an Ed25519 key, or makes one that only its owner can read. Two processes that start at once get the same. */
export async function readOrMakeSigningKey(path: string): Promise<SigningKey> {
  const pem = await readFile(path, 'utf8').catch(() => undefined);
  if (pem !== undefined && pem !== '') return readSigningKey(pem);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(path, newSigningKeyPem(), { mode: 0o600, flag: 'wx' }).catch((error: unknown) => {
    if (!isThereAlready(error)) throw error;
  });
  return readSigningKey(await readFile(path, 'utf8'));
}
