import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The file of a folder's password. */
export function passwordPath(folder: string): string {
  return join(folder, 'password');
}

/**
 * The password of a folder's server: made once, readable by its owner only. The servers listen on 127.0.0.1, which on a
 * shared machine is everyone's.
 */
export function passwordOf(folder: string): string {
  const path = passwordPath(folder);
  if (!existsSync(path)) writeFileSync(path, randomBytes(24).toString('hex'), { mode: 0o600 });
  return readFileSync(path, 'utf8').trim();
}
