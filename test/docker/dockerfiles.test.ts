import { expect, test } from 'vitest';
import { readText, repositoryFiles } from '../rules/repository.ts';

const dockerfiles = repositoryFiles(/^docker\/(.*\.)?Dockerfile$/);
const services = 'docker/Dockerfile';
const instructions = (path: string): string[] =>
  readText(path)
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => /^[A-Z]+ /.test(line));

/** The stages of a recipe, with their instructions. */
function stages(path: string): { name: string; base: string; lines: string[] }[] {
  const found: { name: string; base: string; lines: string[] }[] = [];
  for (const line of instructions(path)) {
    const [, base, name] = /^FROM (\S+)(?: AS (\S+))?$/.exec(line) ?? [];
    if (base !== undefined) found.push({ name: name ?? '', base, lines: [] });
    else found.at(-1)?.lines.push(line);
  }
  return found;
}

test('there are recipes', () => {
  expect(dockerfiles).toContain(services);
});

test('no recipe names a frontend, so that a builder without a registry serves', () => {
  expect(dockerfiles.filter((path) => /^#\s*syntax\s*=/m.test(readText(path)))).toEqual([]);
  const onlyBuildKit = /--mount=|--chmod=|<<-?['"]?[A-Z]/;
  expect(dockerfiles.filter((path) => instructions(path).some((line) => onlyBuildKit.test(line)))).toEqual([]);
});

test('every base is an argument or a stage', () => {
  const fixed = dockerfiles.flatMap((path) => {
    const known = new Set(stages(path).map(({ name }) => name));
    return stages(path)
      .filter(({ base }) => !/^\$\{[A-Z_]+\}$/.test(base) && !known.has(base))
      .map(({ base }) => `${path}: ${base}`);
  });
  expect(fixed).toEqual([]);
});

test('what runs is not root, knows its version and commit, and is watched', () => {
  const all = stages(services);
  const chain = (name: string): string[] => {
    const stage = all.find((one) => one.name === name);
    return stage ? [...chain(stage.base), ...stage.lines] : [];
  };
  const finals = all.map(({ name }) => name).filter((name) => chain(name).some((line) => /image\.title=/.test(line)));
  expect(finals).toEqual(expect.arrayContaining(['api', 'scheduler', 'evaluator', 'miner', 'mongo-standin']));
  for (const name of finals) {
    const lines = chain(name);
    expect(lines.filter((line) => line.startsWith('USER ')).at(-1), name).toBe('USER 10001:10001');
    expect(
      lines.some((line) => line.startsWith('HEALTHCHECK ')),
      name,
    ).toBe(true);
    expect(
      lines.some((line) => line.startsWith('STOPSIGNAL SIGTERM')),
      name,
    ).toBe(true);
    expect(
      lines.some((line) => line.startsWith('ENTRYPOINT ["/usr/bin/tini"')),
      name,
    ).toBe(true);
    expect(lines.join('\n'), name).toMatch(/image\.version="\$\{VERSION\}".*image\.revision="\$\{COMMIT\}"/);
    expect(lines.join('\n'), name).toContain('NODE_ENV=production');
  }
});

test('the images are built with the pnpm that the tools use', () => {
  const tools = /pnpmVersion = '([^']+)'/.exec(readText('tools/setup.mjs'))?.[1];
  expect(readText(services)).toContain(`ARG PNPM_VERSION=${tools}\n`);
});
