import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const broken = join(root, 'test', 'fixtures', 'broken-templates');
const patience = { timeout: 600_000 };

type Report = {
  ok: boolean;
  tasks: { task: string; checks: { name: string; ok: boolean | null; message: string }[] }[];
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agon-templates-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

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

describe('a scaffold', () => {
  test.each(['python', 'shell'])('in %s keeps the contract as it is made', patience, async (language) => {
    const name = `my-${language}`;
    await agon('template', 'new', name, '--language', language);
    expect(JSON.parse(await readFile(join(folder, name, 'template.json'), 'utf8')).name).toBe(name);
    expect(await testTemplate(`./${name}`)).toMatchObject({ code: 0, ok: true, failed: [] });
  });

  test.each(['python', 'shell'])('in %s is what docs/trainer-contract.md prints', async (language) => {
    const page = await readFile(join(root, 'docs', 'trainer-contract.md'), 'utf8');
    const files = { python: ['train.py'], shell: ['train.sh', 'learn.py'] }[language] ?? [];
    for (const file of files) {
      const program = await readFile(join(root, 'templates', 'scaffolds', language, file), 'utf8');
      expect(page).toContain(`${program.trimEnd()}\n\`\`\``);
    }
  });

  test('has its own test, which passes', patience, async () => {
    const python = process.env.AGON_PYTHON ?? 'python3';
    await agon('template', 'new', 'tested', '--language', 'shell');
    const { stdout } = await run('sh', [join(folder, 'tested', 'test.sh'), python, 'learn.py']);
    expect(stdout).toContain('keeps the contract');
  });

  test('is not made over what is there, nor with a name that a template may not have', async () => {
    await agon('template', 'new', 'twice');
    await expect(agon('template', 'new', 'twice')).rejects.toThrow('is there already');
    await expect(agon('template', 'new', 'No Name')).rejects.toThrow('small letters');
  });
});

describe('a broken trainer', () => {
  const faults = {
    'ignores-deadline': ['deadline'],
    'ignores-sigterm': ['sigterm'],
    'no-submission': ['submission'],
    'writes-outside': ['only-out'],
    'links-out': ['only-out', 'submission'],
    'wrong-output-names': ['accepted'],
    'guesses-names': ['reads-job'],
    silent: ['progress'],
  };

  test.each(Object.entries(faults))('that %s fails %s', patience, async (name, expected) => {
    const { code, failed } = await testTemplate(join(broken, name), '--seconds', '5', '--grace', '5');
    expect(failed.map((check) => check.name).toSorted()).toEqual(expected);
    expect(code).toBe(1);
  });

  test('is kept for each of these faults', async () => {
    const folders = (await readdir(broken, { withFileTypes: true })).filter((entry) => entry.isDirectory());
    expect(folders.map(({ name }) => name).toSorted()).toEqual(Object.keys(faults).toSorted());
  });
});

describe('a recipe', () => {
  test.each(['tabular-linear', 'text-linear', 'tabular-gbdt', 'tabular-mlp'])(
    '%s keeps the contract',
    patience,
    async (name) => {
      const { ok, failed } = await testTemplate(name, '--seconds', '8', '--grace', '30');
      expect({ ok, failed }).toEqual({ ok: true, failed: [] });
    },
  );

  test.each(['encoder-torch', 'lora-torch', 'full-torch'])('%s keeps the contract', patience, async (name) => {
    const task = name === 'encoder-torch' ? 'text-classification' : 'chat';
    const options = ['--quick', '--task', task, '--seconds', '25', '--grace', '30'];
    const { ok, failed } = await testTemplate(name, ...options);
    expect({ ok, failed }).toEqual({ ok: true, failed: [] });
  });
});
