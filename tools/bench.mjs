/** `npm run bench -- NAME --json`: runs benchmarks from the TypeScript sources, compiled beside them. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { environment, orExplain, python, root, setup } from './setup.mjs';

await orExplain(() => setup());
const env = { ...environment(), AGON_HOME: join(root, '.agon'), AGON_PYTHON: python };
const args = ['--enable-source-maps', join(root, 'bench', 'dist', 'main.js'), ...process.argv.slice(2)];
process.exit(spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env }).status ?? 1);
