import { link, mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const isCode = (error: unknown, code: string): boolean => (error as NodeJS.ErrnoException).code === code;

/**
 * Reads a key, or makes one that only its owner can read. The file appears whole or not at all, so two processes that
 * start at once get the same key, and a crash leaves no half of one.
 */
export async function readOrMakeKeyFile(path: string, make: () => string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (text !== undefined) return text;
  await makeKeyFile(path, make);
  return readFile(path, 'utf8');
}

/** Writes a new key aside and links it to its place; where another process was faster, its key stands. */
async function makeKeyFile(path: string, make: () => string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const aside = await mkdtemp(join(dirname(path), '.key-'));
  try {
    const draft = join(aside, 'key');
    const file = await open(draft, 'wx', 0o600);
    await file.writeFile(make());
    await file.sync();
    await file.close();
    await link(draft, path);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}
