/** Runs the `agon` command of this checkout, after bringing the checkout up to date. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { dockerFor } from './docker-for-runs.mjs';
import { orExplain, python, root, setup } from './setup.mjs';

const args = process.argv.slice(2);
const startedMs = Date.now();
const texts = args[0] === 'demo' && ['chat', 'text-classification'].includes(args[1] ?? '');
const trains = ['demo', 'mine', 'template'].includes(args[0] ?? '');
const torch = texts || (trains && args.some((word) => /-torch\/?$/.test(word)));
await orExplain(() => setup({ python: trains, torch }));

const contained = args.includes('docker') && args.includes('--runner');
const builds = (args[0] === 'demo' && contained) || (args[0] === 'mine' && args[1] === 'image');
const docker = builds ? await dockerFor(args) : { env: {}, stop: async () => undefined };

const child = spawn(process.execPath, [join(root, 'cli', 'bin', 'agon.js'), ...args], {
  stdio: 'inherit',
  cwd: process.env.INIT_CWD ?? process.cwd(),
  env: {
    AGON_HOME: join(root, '.agon'),
    AGON_PYTHON: python,
    ...process.env,
    ...docker.env,
    AGON_SETUP_SECONDS: ((Date.now() - startedMs) / 1000).toFixed(1),
  },
});
// The terminal sends Ctrl-C to the whole group; a signal sent to us alone goes on to the command.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.once('exit', (code, signal) => void docker.stop().finally(() => process.exit(signal ? 130 : (code ?? 1))));
