import { execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const agonPath = fileURLToPath(new URL('../../../cli/bin/agon.js', import.meta.url));

export type Ran = { readonly exitCode: number; readonly out: string; readonly err: string };

/** Runs the command as a person would, with the service that `agon up` wrote down in `home`. */
export function runAgon(home: string, words: readonly string[], more: Record<string, string> = {}): Promise<Ran> {
  const env = { PATH: process.env.PATH, AGON_HOME: home, ...more };
  return new Promise((resolve) => {
    execFile(process.execPath, [agonPath, ...words], { env, cwd: home }, (error, out, err) => {
      resolve({ exitCode: error ? Number(error.code) : 0, out, err });
    });
  });
}

/** Runs a program that reads JSON and prints JSON in its last line. @throws Error with what it said otherwise. */
export async function askProgram<T>(
  command: readonly [string, ...string[]],
  asked: unknown,
  env: Record<string, string> = {},
): Promise<T> {
  const [file, ...words] = command;
  const child = spawn(file, words, { env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env } });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    said.out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said.err += chunk.toString();
  });
  child.stdin.end(JSON.stringify(asked));
  const exitCode = await new Promise((resolve) => child.once('close', resolve));
  if (exitCode !== 0) throw new Error(`${command.join(' ')} ended with ${exitCode}:\n${said.err.slice(-4_000)}`);
  return JSON.parse(said.out.trim().split('\n').at(-1) ?? '') as T;
}
