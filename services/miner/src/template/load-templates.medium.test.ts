import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkTrust, loadTemplates } from './load-templates.ts';

const manifest = (name: string) =>
  JSON.stringify({
    ...{ name, version: '1.0.0', summary: 'Trains.', tasks: ['tabular-regression'], command: ['true'] },
    needs: { cpus: 1, memory_mib: 1, vram_mib: 0 },
  });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agon-templates-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const load = (...sources: string[]) =>
  loadTemplates(
    { templatesFolder: folder, cacheFolder: join(folder, 'cache'), environment: { PATH: process.env.PATH } },
    sources,
  );

const identity = ['-c', 'user.name=a', '-c', 'user.email=a@host.test', '-c', 'protocol.file.allow=always'];
const git = (at: string, ...args: string[]): string =>
  execFileSync('git', [...identity, ...args], { cwd: at, encoding: 'utf8', stdio: 'pipe' }).trim();

/** A repository with a template at its top and another in a folder, and what a hostile one would have. */
async function repository(): Promise<{ url: string; commit: string }> {
  const at = join(folder, 'repository');
  const other = join(folder, 'other');
  for (const path of [at, other]) {
    await mkdir(path);
    git(path, 'init', '--quiet', '-b', 'main');
  }
  await writeFile(join(other, 'secret'), 'of another repository');
  git(other, 'add', '.');
  git(other, 'commit', '--quiet', '-m', 'other');
  await writeFile(join(at, 'template.json'), manifest('from-git'));
  await mkdir(join(at, 'inner'));
  await writeFile(join(at, 'inner', 'template.json'), manifest('inner'));
  await symlink('/etc', join(at, 'away'));
  git(at, 'submodule', '--quiet', 'add', other, 'sub');
  git(at, 'add', '.');
  git(at, 'commit', '--quiet', '-m', 'a trainer');
  return { url: `file://${at}`, commit: git(at, 'rev-parse', 'HEAD') };
}

test('a template may be a folder anywhere, or have a name', async () => {
  await mkdir(join(folder, 'mine'));
  await writeFile(join(folder, 'mine', 'template.json'), manifest('mine'));
  expect((await load('mine'))[0]).toMatchObject({ folder: join(folder, 'mine'), foreign: false });
  expect((await load(join(folder, 'mine')))[0]?.manifest.name).toBe('mine');
  await expect(load('mine', join(folder, 'mine'))).rejects.toThrow('Two templates are called "mine"');
  await expect(load('other')).rejects.toThrow('There is no template "other"');
});

test('a wrong template.json is told field by field', async () => {
  await mkdir(join(folder, 'mine'));
  await writeFile(join(folder, 'mine', 'template.json'), '{"name": "mine", "tasks": ["sing"]}');
  await expect(load('mine')).rejects.toThrow(/tasks[\s\S]*command|command[\s\S]*tasks/);
});

test('a commit of a repository is a template, fetched once', async () => {
  const { url, commit } = await repository();
  const [template] = await load(`${url}@${commit}`);
  expect(template).toMatchObject({ manifest: { name: 'from-git' }, foreign: true });
  await rm(join(folder, 'repository'), { recursive: true });
  const [inner] = await load(`${url}@${commit}#inner`);
  expect(inner?.manifest.name).toBe('inner');
  expect(await readdir(join(folder, 'cache'))).toHaveLength(1);
});

test('nothing of a repository is followed or run: no link, no submodule, no way out', async () => {
  const { url, commit } = await repository();
  const [template] = await load(`${url}@${commit}`);
  const at = template?.folder ?? '';
  expect(await readFile(join(at, 'away'), 'utf8')).toBe('/etc');
  expect(await readdir(join(at, 'sub'))).toEqual([]);
  expect(await readdir(at)).not.toContain('.git');
  await expect(load(`${url}@${commit}#../..`)).rejects.toThrow('leads out');
  await expect(load(`${url}@${commit}#away`)).rejects.toThrow('has no folder');
  await expect(load(`${url}@${commit}#nowhere`)).rejects.toThrow('has no folder');
});

test('a commit that is not there is a message, and leaves nothing', async () => {
  const { url } = await repository();
  await expect(load(`${url}@${'0'.repeat(40)}`)).rejects.toThrow('could not be fetched');
  expect(await readdir(join(folder, 'cache'))).toEqual([]);
});

test("a stranger's program runs as a plain process only where the owner says so", async () => {
  const { url, commit } = await repository();
  const templates = await load(`${url}@${commit}`);
  expect(() => checkTrust(templates, { trusted: false })).toThrow('--trust-foreign-code');
  expect(() => checkTrust(templates, { trusted: true })).not.toThrow();
});
