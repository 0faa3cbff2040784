import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, realpath, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inside } from '@agon/kit';
import type { TemplateSource } from './template-source.ts';

const run = promisify(execFile);
const fetchMsMax = 10 * 60_000;

/**
 * What git may do with a stranger's repository: no hooks, no submodules, no links that lead out of the folder, no
 * transports that are commands, no question to anybody.
 */
const harmless = [
  ...['-c', 'core.hooksPath=/dev/null'],
  ...['-c', 'core.symlinks=false'],
  ...['-c', 'core.fsmonitor=false'],
  ...['-c', 'submodule.recurse=false'],
  ...['-c', 'protocol.ext.allow=never'],
  ...['-c', 'advice.detachedHead=false'],
];

export type GitPlaces = {
  readonly cacheFolder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
};

/** A commit that cannot be had, or has no such folder. */
export class GitTemplateError extends Error {}

/**
 * The folder of a template in a commit, fetched once and kept. Nothing of it is run.
 *
 * @throws GitTemplateError
 */
export async function fetchGitTemplate(
  source: Extract<TemplateSource, { kind: 'git' }>,
  places: GitPlaces,
): Promise<string> {
  const { url, commit, path } = source;
  const name = `${commit}-${createHash('sha256').update(url).digest('hex').slice(0, 12)}`;
  const kept = join(places.cacheFolder, name);
  if (!(await isFolder(kept))) await checkOut({ url, commit, kept }, places);
  const folder = path === '' ? kept : insideOf(kept, path);
  if (!(await isFolder(folder)) || !`${await realpath(folder)}/`.startsWith(`${await realpath(kept)}/`)) {
    throw new GitTemplateError(`The commit ${commit} has no folder ${JSON.stringify(path)}.`);
  }
  return folder;
}

async function checkOut(
  { url, commit, kept }: { url: string; commit: string; kept: string },
  { cacheFolder, environment }: GitPlaces,
): Promise<void> {
  await mkdir(cacheFolder, { recursive: true });
  const folder = await mkdtemp(join(cacheFolder, 'fetching-'));
  const git = async (...args: string[]): Promise<string> => {
    const env = { ...environment, GIT_TERMINAL_PROMPT: '0', GIT_LFS_SKIP_SMUDGE: '1' };
    const { stdout } = await run('git', [...harmless, ...args], { cwd: folder, env, timeout: fetchMsMax });
    return stdout.trim();
  };
  try {
    await git('init', '--quiet', '--template=');
    await git('fetch', '--quiet', '--depth=1', '--no-tags', '--no-recurse-submodules', '--', url, commit);
    const got = await git('rev-parse', '--verify', 'FETCH_HEAD^{commit}');
    if (got !== commit) throw new GitTemplateError(`The server gave the commit ${got} in place of ${commit}.`);
    await git('checkout', '--quiet', '--detach', commit);
    await rm(join(folder, '.git'), { recursive: true, force: true });
    await rename(folder, kept).catch(async (error: unknown) => {
      // Another miner of this machine was faster.
      if (!(await isFolder(kept))) throw error;
    });
  } catch (error) {
    if (error instanceof GitTemplateError) throw error;
    const { stderr = '', message } = error as { stderr?: string; message: string };
    throw new GitTemplateError(`${url}@${commit} could not be fetched: ${(stderr || message).trim().slice(0, 500)}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function insideOf(folder: string, path: string): string {
  try {
    return inside(folder, path);
  } catch {
    throw new GitTemplateError(`${JSON.stringify(path)} leads out of the repository.`);
  }
}

const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
