import { link, mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { newSigningKeyPem, readSigningKey, type SigningKey } from './ed25519.ts';

const isCode = (error: unknown, code: string): boolean => (error as NodeJS.ErrnoException).code === code;

/**
 * Reads an Ed25519 key, or makes one that only its owner can read. The file appears whole or not at all, so two
 * processes that start at once get the same key, and a crash leaves no half of one.
 */
export async function readOrMakeSigningKey(path: string): Promise<SigningKey> {
  const pem = await readFile(path, 'utf8').catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (pem !== undefined) return readSigningKey(pem);
  await makeKeyFile(path);
  return readSigningKey(await readFile(path, 'utf8'));
}

/** Writes a new key aside and links it to its place; where another process was faster, its key stands. */
async function makeKeyFile(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const aside = await mkdtemp(join(dirname(path), '.signing-key-'));
  try {
    const draft = join(aside, 'key.pem');
    const file = await open(draft, 'wx', 0o600);
    await file.writeFile(newSigningKeyPem());
    await file.sync();
    await file.close();
    await link(draft, path);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}
