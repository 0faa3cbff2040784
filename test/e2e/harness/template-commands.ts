import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll } from 'vitest';

const run = promisify(execFile);
export const root = fileURLToPath(new URL('../../..', import.meta.url));
/** A template is tried several times over, each until its deadline. */
export const patience = { timeout: 600_000 };

type Report = {
  ok: boolean;
  tasks: { task: string; checks: { name: string; ok: boolean | null; message: string }[] }[];
};

let folder: string;

/** `agon template …` in a folder of its own, which is there while the tests of a file run. */
export function templateCommands() {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'agon-templates-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return { agon, testTemplate, path: (...names: string[]) => join(folder, ...names) };
}

/** `agon …` as a person runs it; needs the Python environment of the recipes in AGON_PYTHON. */
async function agon(...args: string[]): Promise<{ code: number; out: string }> {
  const command = [join(root, 'cli', 'bin', 'agon.js'), ...args];
  const env = { ...process.env, AGON_HOME: join(folder, 'home') };
  try {
    const { stdout } = await run(process.execPath, command, { cwd: folder, env });
    return { code: 0, out: stdout };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    if (stdout === '') throw new Error(stderr, { cause: error });
    return { code, out: stdout };
  }
}

/** The checks of every task that failed, with what was said. */
async function testTemplate(source: string, ...options: string[]) {
  const { code, out } = await agon('template', 'test', source, '--json', ...options);
  const report: Report = JSON.parse(out);
  const checks = report.tasks.flatMap((each) => each.checks);
  return { code, ok: report.ok, checks, failed: checks.filter(({ ok }) => ok === false) };
}
