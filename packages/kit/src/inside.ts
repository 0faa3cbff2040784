import { isAbsolute, relative, resolve, sep } from 'node:path';

/**
 * Joins an untrusted relative path to a folder.
 *
 * @throws RangeError where the result would leave the folder or be the folder itself.
 */
export function inside(folder: string, path: string): string {
  const full = resolve(folder, path);
  const way = relative(folder, full);
  const leaves = way === '' || way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way) || path.includes('\0');
  if (leaves || isAbsolute(path)) throw new RangeError(`The path ${JSON.stringify(path)} leaves its folder.`);
  return full;
}
