import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { addCommand, positiveNumber, type Register } from '../command.ts';
import { CommandError, homeFolder } from '../context.ts';
import { type DemoSummary, runDemo } from '../demo/run-demo.ts';
import { startStack } from '../stack/start-stack.ts';
import { untilAborted } from './up.ts';

type Options = { dataset: string; minutes: number; keep?: boolean; json?: boolean };

/** What the demo can race on: datasets of this repository, as a client would post them. */
const demoDatasets: Readonly<Record<string, { file: string; target: string; about: string }>> = {
  flights: { file: 'flights/flights.csv', target: 'late', about: 'will a flight from New York arrive late?' },
  bikes: { file: 'bike-sharing/bike-sharing.csv', target: 'bikers', about: 'how many bicycles are rented in an hour?' },
  penguins: { file: 'penguins/penguins.csv', target: 'species', about: 'which species is a penguin?' },
};

/** `agon demo`: the whole main path on this machine: service, three miners, a race, the winner in use. */
export const registerDemo: Register = (program, context) => {
  addCommand(program, {
    usage: 'demo',
    summary: 'watch a race on this machine: starts the service and three miners, submits a dataset, uses the winner',
    examples: ['demo', 'demo --dataset bikes --minutes 1', 'demo --keep', 'demo --json'],
  })
    .option('--dataset <name>', `one of ${Object.keys(demoDatasets).join(', ')}`, 'flights')
    .option('--minutes <minutes>', 'minutes of racing', positiveNumber, 0.5)
    .option('--keep', 'leave the service running afterwards and print its addresses')
    .action(async (options: Options) => {
      const dataset = demoDatasets[options.dataset];
      if (!dataset) throw new CommandError(`There is no demo dataset "${options.dataset}".`);
      const say = options.json ? context.err : context.out;
      const home = await homeFolder(context);
      const folder = join(home, 'demo');
      await rm(folder, { recursive: true, force: true });
      const startedMs = Date.now();
      say(`Agon demo: ${dataset.about}`);
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
        const summary = await runDemo({
          context,
          stack,
          folder,
          dataset,
          minutes: options.minutes,
          setupSeconds,
          say,
          json: options.json === true,
        });
        if (options.keep) {
          say(`\nLeft running: ${stack.url} (docs at ${stack.url}/docs), key ${stack.adminKey}. Ctrl-C stops.`);
          await untilAborted(context.interrupted);
        }
        finish(summary, options.json === true ? context.out : undefined);
      } finally {
        await stack.stop();
      }
      if (!options.json) say('Stopped. Next: ./agon up, ./agon --help, README.md.');
    });
};

function finish(summary: DemoSummary, print: ((text: string) => void) | undefined): void {
  print?.(JSON.stringify(summary));
  if (summary.status !== 'succeeded' || !summary.receipt_verified) process.exitCode = 1;
}
