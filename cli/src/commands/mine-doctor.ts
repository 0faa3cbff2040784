import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { silentLog, systemClock } from '@agon/kit';
import { type Check, runDoctor } from '@agon/miner';
import type { Command } from 'commander';
import { addCommand } from '../command.ts';
import { type Context, connection } from '../context.ts';
import { addMinerOptions, type MinerOptions, offerOf, settingsOf } from '../miner-options.ts';
import { runnerOf } from '../runner-options.ts';

type Options = MinerOptions & { selfTest: boolean };

/** `agon mine doctor`: looks at all that a miner needs, and says what to mend. */
export const addMineDoctor = (mine: Command, context: Context): Command =>
  addMinerOptions(
    addCommand(mine, {
      usage: 'doctor',
      summary: 'check service, key, clock, disk, memory, GPUs and runner, and train for a minute; says what to mend',
      examples: ['mine doctor', 'mine doctor --runner docker', 'mine doctor --no-self-test --json'],
    }),
  )
    .option('--no-self-test', 'leave the training out')
    .action((options: Options) => examine(context, options));

async function examine(context: Context, options: Options): Promise<void> {
  const { templates, folder, key } = await settingsOf(context, options);
  const { url } = await connection(context, options);
  const checks = await runDoctor({
    ...{ folder, key, templates, baseUrl: url, clock: systemClock, signal: context.interrupted },
    templatesFolder: resolve(context.cwd, options.templates),
    trustsForeignCode: options.trustForeignCode === true,
    capabilities: await offerOf(folder, options),
    concurrency: options.concurrency,
    environment: context.env,
    runner: await runnerOf(context, options, { folder, log: silentLog, purpose: 'doctor' }),
    newNonce: () => randomBytes(18).toString('base64url'),
    trains: options.selfTest,
    onCheck: (check) => {
      if (!options.json) context.out(describe(check));
    },
  });
  const failed = checks.filter((check) => check.ok === false).length;
  if (options.json) context.out(JSON.stringify({ ok: failed === 0, checks }));
  else context.out(failed === 0 ? 'This machine can mine.' : `${failed} to mend.`);
  if (failed > 0) process.exitCode = 1;
}

function describe({ name, ok, message, fix }: Check): string {
  const mark = ok === null ? '–' : ok ? '✓' : '✗';
  return `${mark} ${name.padEnd(12)} ${message}${fix === undefined ? '' : `\n  ${''.padEnd(12)} → ${fix}`}`;
}
