/**
 * Brings a fresh clone to where it can run: Node packages, the TypeScript build, the Python environment of the
 * recipes. Each step is skipped when nothing it depends on has changed. Needs nothing but Node and Python.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const state = join(root, '.agon', 'setup');
const pnpmVersion = '12.21.0';
const windows = process.platform === 'win32';

/** The interpreter of the recipes' environment. */
export const python = join(root, '.agon', 'python', windows ? 'Scripts/python.exe' : 'bin/python');

class SetupError extends Error {}

const hashOf = (...paths) => {
  const hash = createHash('sha256').update(process.version);
  for (const path of paths) if (existsSync(join(root, path))) hash.update(readFileSync(join(root, path)));
  return hash.digest('hex');
};

const isDone = (name, key) => existsSync(join(state, name)) && readFileSync(join(state, name), 'utf8') === key;

const markDone = (name, key) => {
  mkdirSync(state, { recursive: true });
  writeFileSync(join(state, name), key);
};

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new SetupError(`Agon needs Node 20.19 or newer; this is ${process.versions.node}.`);
}

/** The first Python on the machine that is new enough. */
function findPython() {
  const names = [process.env.AGON_PYTHON, 'python3', 'python', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];
  for (const name of names.filter(Boolean)) {
    const found = spawnSync(name, ['-c', 'import sys; print(sys.version_info >= (3, 10))'], { encoding: 'utf8' });
    if (found.stdout?.trim() === 'True') return name;
  }
  throw new SetupError('Agon needs Python 3.10 or newer for its recipes. Install it, or set AGON_PYTHON to one.');
}

/** Runs a command and keeps its output for the case that it fails. */
function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], shell: windows, ...options });
    let output = '';
    const keep = (chunk) => {
      output = (output + chunk).slice(-8_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) => reject(new SetupError(`${command} does not start: ${error.message}`)));
    child.once('close', (code) => {
      if (code === 0) resolve(undefined);
      else reject(new SetupError(`${[command, ...args].join(' ')} failed with code ${code}:\n${output}`));
    });
  });
}

/** Says on stderr what goes on, with the seconds so far: one moving line in a terminal, plain lines elsewhere. */
async function step(title, work) {
  const startedMs = Date.now();
  const seconds = () => `${((Date.now() - startedMs) / 1000).toFixed(0)} s`;
  if (!process.stderr.isTTY) process.stderr.write(`… ${title}\n`);
  const timer = setInterval(() => {
    if (process.stderr.isTTY) process.stderr.write(`\r… ${title} ${seconds()} `);
    else if ((Date.now() - startedMs) % 15_000 < 500) process.stderr.write(`… ${title} ${seconds()}\n`);
  }, 500);
  try {
    await work();
    process.stderr.write(`${process.stderr.isTTY ? '\r' : ''}✓ ${title} ${seconds()}\n`);
  } finally {
    clearInterval(timer);
  }
}

async function installNodePackages() {
  const key = hashOf('pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json');
  if (isDone('node', key) && existsSync(join(root, 'node_modules', '.modules.yaml'))) return;
  await step('Node packages', () => run('npx', ['-y', `pnpm@${pnpmVersion}`, 'install', '--frozen-lockfile']));
  markDone('node', key);
}

async function build() {
  const newest = spawnSync(
    process.execPath,
    [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b', 'tsconfig.build.json', '--dry'],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  if (newest.status === 0 && !/would (build|update)|A non-dry/i.test(newest.stdout)) return;
  await step('TypeScript build', () =>
    run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b', 'tsconfig.build.json']),
  );
}

/** Requirement files by what wants them; each set is installed once into the one environment. */
const pythonSets = {
  recipes: { title: 'Python environment of the recipes', locks: ['templates/requirements.lock'] },
  torch: { title: 'PyTorch and transformers for language tasks', locks: ['templates/requirements-torch.lock'] },
  dev: { title: 'Python test tools', locks: ['templates/requirements-dev.lock'] },
};

async function installPython(name) {
  const { title, locks } = pythonSets[name];
  const key = hashOf(...locks);
  if (isDone(`python-${name}`, key) && existsSync(python)) return;
  await step(title, async () => {
    if (!existsSync(python)) {
      rmSync(join(root, '.agon', 'python'), { recursive: true, force: true });
      await run(findPython(), ['-m', 'venv', join(root, '.agon', 'python')]);
    }
    const files = locks.flatMap((lock) => ['-r', lock]);
    await run(python, ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--quiet', ...files]);
  });
  markDone(`python-${name}`, key);
}

/**
 * @param {{ python?: boolean, torch?: boolean, dev?: boolean }} wants `python`: the recipes' environment too; `torch`: what
 * language tasks need; `dev`: test tools.
 */
export async function setup({ python: wantsPython = true, torch = false, dev = false } = {}) {
  checkNode();
  const sets = [...(wantsPython ? ['recipes'] : []), ...(torch ? ['torch'] : []), ...(dev ? ['dev'] : [])];
  const installed = sets.reduce((before, name) => before.then(() => installPython(name)), Promise.resolve());
  const ended = await Promise.allSettled([installNodePackages().then(build), installed]);
  const failed = ended.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
}

/** Runs `work`; a fault of the set-up is one message and code 1. */
export async function orExplain(work) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`\n${error.message}\n`);
    process.exit(1);
  }
}

/** Environment of child processes: the recipes' Python first on the path. */
export const environment = () => ({
  ...process.env,
  PATH: `${dirname(python)}${delimiter}${process.env.PATH ?? ''}`,
});

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await orExplain(() => setup({ python: !process.argv.includes('--build-only') }));
  process.stderr.write('Ready. `npm run demo` shows a race; `./agon --help` lists the commands.\n');
}
