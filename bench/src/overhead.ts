import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Bench, resultOf } from './result.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));

/** Wall time of the demo's job minus training and scoring, beside training and scoring. */
export const overhead: Bench = async (say) => {
  say('a race of half a minute …');
  const args = [join(root, 'cli', 'bin', 'agon.js'), 'demo', '--json'];
  const { stdout } = await run(process.execPath, args, { cwd: root, maxBuffer: 64 * 2 ** 20 });
  const { seconds } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as {
    seconds: { train: number; score: number; overhead: number; total: number };
  };
  const { train, score, total } = seconds;
  return [
    resultOf(
      { bench: 'overhead', unit: 's of wall time beyond train + score, beside train + score', aim: 'ours < 3' },
      { ours: seconds.overhead, yardstick: train + score, details: { train, score, total } },
      ({ ours }) => ours < 3,
    ),
  ];
};
