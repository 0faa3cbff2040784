import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { addCommand, positiveNumber, type Register } from '../command.ts';
import { CommandError, type Context, homeFolder } from '../context.ts';
import { demoRaces } from '../demo/races.ts';
import { type DemoSummary, runDemo } from '../demo/run-demo.ts';
import { type RunnerOptions, runnerOption } from '../runner-options.ts';
import { startStack } from '../stack/start-stack.ts';
import { trainerImage } from '../trainer-image.ts';
import { untilAborted } from './up.ts';

type Options = Pick<RunnerOptions, 'runner' | 'image'> & {
  base?: string;
  baseImage?: string;
  minutes?: number;
  keep?: boolean;
  json?: boolean;
};

/** `agon demo`: the whole main path on this machine: service, miners, a race, the winner in use. */
export const registerDemo: Register = (program, context) => {
  addCommand(program, {
    usage: 'demo [race]',
    summary: `watch a race on this machine: starts the service and miners, submits a dataset, uses the winner; races: ${Object.keys(demoRaces).join(', ')}`,
    examples: [
      'demo',
      'demo bikes --minutes 1',
      'demo chat',
      'demo chat --base smollm2 --minutes 8',
      'demo --runner docker',
      'demo --keep',
      'demo --json',
    ],
  })
    .option('--base <name>', 'base model of a race on text: agon-tiny, smollm2 or minilm')
    .addOption(runnerOption())
    .option('--image <image>', 'with --runner docker: the trainers’ image (default: built here)')
    .option('--base-image <image>', 'what the trainers’ image is built on: a Debian or Ubuntu')
    .option('--minutes <minutes>', 'minutes of racing (default: by race)', positiveNumber)
    .option('--keep', 'leave the service running afterwards and print its addresses')
    .action((name: string | undefined, options: Options) => demo(context, name ?? 'flights', options));
};

async function demo(context: Context, name: string, options: Options): Promise<void> {
  const race = demoRaces[name];
  if (!race) throw new CommandError(`There is no demo race "${name}"; there are ${Object.keys(demoRaces).join(', ')}.`);
  const base = options.base ?? race.bases[0];
  const say = options.json ? context.err : context.out;
  const home = await homeFolder(context);
  const folder = join(home, 'demo');
  await rm(folder, { recursive: true, force: true });
  const startedMs = Date.now();
  say(`Agon demo: ${race.about}`);
  const torch = race.recipes.some((recipe) => recipe.endsWith('-torch'));
  const image = options.runner === 'docker' ? await trainerImage(context, { ...options, torch, home }) : null;
  const stack = await startStack({
    toolsFolder: home,
    folder,
    host: '127.0.0.1',
    port: 0,
    env: context.env,
    onStep: (step) => say(`… ${step}`),
  });
  try {
    const setupSeconds = Number(context.env.AGON_SETUP_SECONDS ?? 0) + (Date.now() - startedMs) / 1000;
    const minutes = options.minutes ?? race.minutes;
    const json = options.json === true;
    const settings = { context, stack, folder, home, race, base, minutes, image, setupSeconds, say, json };
    const summary = await runDemo(settings);
    if (options.keep) {
      say(`\nLeft running: ${stack.url} (docs at ${stack.url}/docs), key ${stack.adminKey}. Ctrl-C stops.`);
      await untilAborted(context.interrupted);
    }
    finish(summary, json ? context.out : undefined);
  } finally {
    await stack.stop();
  }
  if (!options.json) say('Stopped. Next: ./agon up, ./agon --help, README.md.');
}

function finish(summary: DemoSummary, print: ((text: string) => void) | undefined): void {
  print?.(JSON.stringify(summary));
  if (summary.status !== 'succeeded' || !summary.receipt_verified) process.exitCode = 1;
}
