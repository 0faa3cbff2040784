import { expect, test } from 'vitest';
import { importsOf, readText, repositoryFiles } from './repository.ts';

type Manifest = { dependencies?: Record<string, string>; devDependencies?: Record<string, string> };

const manifests = repositoryFiles(/(^|\/)package\.json$/).filter((path) => !path.startsWith('templates/'));

test('every version comes from the one catalog', () => {
  const loose = manifests.flatMap((path) => {
    const { dependencies = {}, devDependencies = {} } = JSON.parse(readText(path)) as Manifest;
    const all = Object.entries({ ...dependencies, ...devDependencies });
    return all.filter(([, version]) => !/^(catalog:|workspace:\*)$/.test(version)).map(([name]) => `${path}: ${name}`);
  });
  expect(loose).toEqual([]);
});

test('the catalog pins exact versions', () => {
  const catalog = readText('pnpm-workspace.yaml').split('catalog:\n')[1] ?? '';
  const versions = catalog.split('\n').filter((line) => /^ {2}\S/.test(line));
  expect(versions.length).toBeGreaterThan(10);
  expect(versions.filter((line) => !/: \d+\.\d+\.\d+(-[\w.]+)?$/.test(line))).toEqual([]);
});

test('every library that a source imports is a dependency of its package', () => {
  const undeclared = manifests
    .filter((path) => /^(packages|services|cli)/.test(path))
    .flatMap((path) => {
      const folder = path.replace('package.json', '');
      const { dependencies = {} } = JSON.parse(readText(path)) as Manifest;
      const sources = repositoryFiles(/\.ts$/).filter(
        (file) => file.startsWith(`${folder}src/`) && !/\.test\.ts$|\/(testing|contract)\//.test(file),
      );
      const names = new Set(sources.flatMap((file) => importsOf(readText(file))).map(packageName));
      return [...names]
        .filter((name) => name !== '' && !(name in dependencies) && !folder.endsWith(`${name.split('/')[1]}/`))
        .map((name) => `${folder} ${name}`);
    });
  expect(undeclared).toEqual([]);
});

function packageName(specifier: string): string {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return '';
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? '');
}
