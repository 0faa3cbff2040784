import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { patience, root, templateCommands } from './harness/template-commands.ts';

const run = promisify(execFile);
const broken = join(root, 'test', 'fixtures', 'broken-templates');
const { agon, testTemplate, path } = templateCommands();

describe('a scaffold', () => {
  test.each(['python', 'shell'])('in %s keeps the contract as it is made', patience, async (language) => {
    const name = `my-${language}`;
    await agon('template', 'new', name, '--language', language);
    expect(JSON.parse(await readFile(path(name, 'template.json'), 'utf8')).name).toBe(name);
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
    const { stdout } = await run('sh', [path('tested', 'test.sh'), python, 'learn.py']);
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
