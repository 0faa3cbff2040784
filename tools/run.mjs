/** Runs the `agon` command of this checkout, after bringing the checkout up to date. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { orExplain, python, root, setup } from './setup.mjs';

const args = process.argv.slice(2);
const startedMs = Date.now();
const texts = args[0] === 'demo' && ['chat', 'text-classification'].includes(args[1] ?? '');
const torch = texts || (args[0] === 'mine' && args.some((word) => word.endsWith('-torch')));
await orExplain(() => setup({ python: args[0] === 'demo' || args[0] === 'mine', torch }));

const child = spawn(process.execPath, [join(root, 'cli', 'bin', 'agon.js'), ...args], {
  stdio: 'inherit',
  cwd: process.env.INIT_CWD ?? process.cwd(),
  env: {
    AGON_HOME: join(root, '.agon'),
    AGON_PYTHON: python,
    ...process.env,
    AGON_SETUP_SECONDS: ((Date.now() - startedMs) / 1000).toFixed(1),
  },
});
// The terminal sends Ctrl-C to the whole group; a signal sent to us alone goes on to the command.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.once('exit', (code, signal) => process.exit(signal ? 130 : (code ?? 1)));
