import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bench, resultOf } from './result.ts';
import { residentMb, withStack } from './stack.ts';

const settleMs = 15_000;

/** Resident memory of api + scheduler + evaluator when nothing happens, beside three Node processes that do nothing. */
export const idleMemory: Bench = (say) =>
  withStack(async (stack) => {
    say(`the services rest for ${settleMs / 1000} s …`);
    const bare = Array.from({ length: 3 }, () => spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']));
    await sleep(settleMs);
    const pids = Object.entries(stack.pids());
    const figures = await Promise.all(
      pids.map(async ([name, pid]) => [name, Math.round(await residentMb(pid ?? 0))] as const),
    );
    const yardstick = (await Promise.all(bare.map((child) => residentMb(child.pid ?? 0)))).reduce(
      (sum, mb) => sum + mb,
      0,
    );
    for (const child of bare) child.kill('SIGKILL');
    const ours = figures.reduce((sum, [, mb]) => sum + mb, 0);
    const details = Object.fromEntries(figures);
    return [
      resultOf(
        {
          bench: 'idle-memory',
          unit: 'MB resident of api + scheduler + evaluator, beside three bare Node processes',
          aim: 'ours < 500',
        },
        { ours, yardstick, details },
        (result) => result.ours < 500,
      ),
    ];
  });
