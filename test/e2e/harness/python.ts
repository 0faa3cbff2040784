import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const outputBytesMax = 10_000_000;
const clients = new URL('../clients/', import.meta.url);

/** The Python environment of the recipes, as `npm test` names it. */
export const pythonPath = (): string => process.env.AGON_PYTHON ?? 'python3';

/** Runs a program of `test/e2e/clients` or, with `-m`, a module; answers what it prints. */
export async function runPython(words: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const [first = '', ...rest] = words;
  const program = first.endsWith('.py') ? fileURLToPath(new URL(first, clients)) : first;
  const { stdout } = await run(pythonPath(), [program, ...rest], {
    env: { PATH: process.env.PATH, ...env },
    maxBuffer: outputBytesMax,
  });
  return stdout;
}
