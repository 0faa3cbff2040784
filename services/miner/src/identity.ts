import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { newSigningKeyPem, readSigningKey, type SigningKey } from '@agon/kit';

/** Reads a miner's key, or makes one that only its owner can read. Losing the file loses the miner's record. */
export async function readOrMakeIdentity(path: string): Promise<{ key: SigningKey; made: boolean }> {
  const pem = await readFile(path, 'utf8').catch(() => undefined);
  if (pem !== undefined) return { key: readSigningKey(pem), made: false };
  const fresh = newSigningKeyPem();
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(path, fresh, { mode: 0o600, flag: 'wx' });
  return { key: readSigningKey(fresh), made: true };
}
