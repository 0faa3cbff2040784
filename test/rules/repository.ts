import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Files of the repository that git knows or would add, as paths from the root. */
export function repositoryFiles(pattern: RegExp): string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard'];
  const listed = execFileSync('git', args, { cwd: root, encoding: 'utf8' });
  return listed.split('\n').filter((path) => path !== '' && pattern.test(path) && existsInTree(path));
}

function existsInTree(path: string): boolean {
  try {
    readFileSync(join(root, path));
    return true;
  } catch {
    return false;
  }
}

export const readText = (path: string): string => readFileSync(join(root, path), 'utf8');

/** What the modules of a text import, static and dynamic. */
export function importsOf(text: string): string[] {
  const found = text.matchAll(/(?:from|import)\s*\(?\s*['"]([^'"\s]+)['"]/g);
  return [...found].map(([, name]) => name ?? '');
}
