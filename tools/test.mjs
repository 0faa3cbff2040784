/** `npm test`: lint, types, unit, medium, the recipes' own tests, e2e, containers. Each step says how it went; the first that fails ends it. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { environment, orExplain, python, root, setup } from './setup.mjs';

const bin = (name) => join(root, 'node_modules', '.bin', name);
const tests = (project) => [bin('vitest'), ['run', '--project', project]];

/** @type {Record<string, [string, string[]]>} */
const steps = {
  lint: [bin('biome'), ['ci', '.', '--diagnostic-level=error']],
  types: [bin('tsc'), ['-b']],
  unused: [bin('knip'), []],
  generated: [process.execPath, [join(root, 'tools', 'generate.mjs'), '--check']],
  'lint-python': [python, ['-m', 'ruff', 'check', 'templates', 'test']],
  'test-python': [python, ['-m', 'pytest', '-q', '--numprocesses', 'auto', '--dist', 'worksteal', 'templates']],
  unit: tests('unit'),
  medium: tests('medium'),
  e2e: tests('e2e'),
  docker: tests('docker'),
};

function run(name, [command, args]) {
  return new Promise((resolve) => {
    process.stderr.write(`\n▶ ${name}\n`);
    const startedMs = Date.now();
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', env: { ...environment(), AGON_PYTHON: python } });
    child.once('error', () => resolve(1));
    child.once('exit', (code) => {
      const seconds = ((Date.now() - startedMs) / 1000).toFixed(0);
      process.stderr.write(`${code === 0 ? '✓' : '✗'} ${name} ${seconds} s\n`);
      resolve(code ?? 1);
    });
  });
}

const wanted = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const unknown = wanted.filter((name) => !(name in steps));
if (process.argv.includes('--help') || unknown.length > 0) {
  if (unknown.length > 0) process.stderr.write(`There is no step ${unknown.join(', ')}.\n`);
  process.stderr.write(
    `npm test                   every step\nnpm test -- unit lint      some steps, of: ${Object.keys(steps).join(', ')}\n`,
  );
  process.exit(unknown.length > 0 ? 2 : 0);
}
await orExplain(() => setup({ torch: true, dev: true }));
let passed = 0;
for (const [name, step] of Object.entries(steps)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const code = await run(name, step);
  if (code !== 0) {
    process.stdout.write(`${passed} passed, 1 failed\n`);
    process.exit(code);
  }
  passed += 1;
}
process.stderr.write('\nAll steps passed.\n');
process.stdout.write(`${passed} passed, 0 failed\n`);
