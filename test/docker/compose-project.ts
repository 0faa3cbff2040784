import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../e2e/harness/free-port.ts';

export const root = fileURLToPath(new URL('../../', import.meta.url));
const outputCharactersMax = 1_000_000;
const saidCharactersMax = 4_000;

/** Runs a program to its end; answers its standard output. @throws Error with the end of what it said. */
export function run(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return new Promise<string>((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let said = '';
    child.stdout.on('data', (chunk) => {
      output = (output + chunk).slice(-outputCharactersMax);
    });
    child.stderr.on('data', (chunk) => {
      said = (said + chunk).slice(-saidCharactersMax);
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(output.trim());
      else
        reject(
          new Error(`${command} ${args.join(' ')} ended with ${code}:\n${said}\n${output.slice(-saidCharactersMax)}`),
        );
    });
  });
}

/** Docker's compose: its plugin where there is one, else the program of templates/requirements-dev.lock. */
export function composeCommand(): readonly [string, ...string[]] {
  if (spawnSync('docker', ['compose', 'version'], { stdio: 'ignore' }).status === 0) return ['docker', 'compose'];
  const inRepository = join(root, '.agon', 'python', 'bin', 'docker-compose');
  return [existsSync(inRepository) ? inRepository : 'docker-compose'];
}

export type Project = {
  readonly url: string;
  readonly adminKey: string;
  readonly compose: (...args: string[]) => Promise<string>;
  /** Ends everything and removes what it kept. */
  readonly down: () => Promise<void>;
};

/** The composed system of docker/, on images made here, with passwords of its own and at a free port of this machine. */
export async function startProject(name: string, settings: Readonly<Record<string, string>> = {}): Promise<Project> {
  const secrets = await mkdtemp(join(tmpdir(), 'agon-secrets-'));
  await run(process.execPath, ['tools/secrets.mjs', '--folder', secrets]);
  const port = await freePort();
  const env = { AGON_SECRETS: secrets, AGON_LISTEN: `127.0.0.1:${port}`, ...settings };
  const [program, ...first] = composeCommand();
  const files = ['-f', 'docker/compose.yaml', '-f', 'docker/compose.local.yaml', '--profile', 'miner'];
  const compose = (...args: string[]): Promise<string> =>
    run(program, [...first, '--project-name', name, ...files, ...args], env);
  const down = async (): Promise<void> => {
    await compose('down', '--volumes', '--timeout', '10');
    await rm(secrets, { recursive: true, force: true });
  };
  try {
    await compose('up', '--no-build', '--pull', 'never', '--wait', '--wait-timeout', '240');
  } catch (error) {
    const logs = await compose('logs', '--no-color', '--tail', '20').catch(() => '');
    await down();
    throw new Error(`The composed system did not come up.\n${logs}`, { cause: error });
  }
  const adminKey = (await readFile(join(secrets, 'admin_key'), 'utf8')).trim();
  return { url: `http://127.0.0.1:${port}`, adminKey, compose, down };
}
