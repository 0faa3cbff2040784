import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import type { Score } from '@agon/contracts';
import { createLogger, systemClock } from '@agon/kit';
import { type MinerChange, startMiner } from '@agon/miner';
import { addCommand, addGroup, positiveNumber, type Register } from '../command.ts';
import { type Context, connection } from '../context.ts';
import { addMinerOptions, type MinerOptions, offerOf, settingsOf } from '../miner-options.ts';
import { runnerOf } from '../runner-options.ts';
import { addMineDoctor } from './mine-doctor.ts';
import { addMineImage } from './mine-image.ts';
import { addSubmitFolder } from './submit-folder.ts';

type Options = MinerOptions & { runs?: number };

const progressEveryMs = 10_000;

/** `agon mine`: turns this machine into a miner. */
export const registerMine: Register = (program, context) => {
  const mine = addGroup(program, 'mine', 'train for others: lease seats, race, be scored');
  addMinerOptions(
    addCommand(mine, {
      usage: 'init',
      summary: 'make the key of this miner',
      examples: ['mine init', 'mine init --folder ~/miner-2'],
    }),
  ).action((options: Options) => initMiner(context, options));
  addMinerOptions(
    addCommand(mine, {
      usage: 'start',
      summary: 'race until Ctrl-C; goes on with what an earlier start left',
      examples: [
        'mine start --url http://agon.example:8080',
        'mine start --template tabular-gbdt --name anna',
        'mine start --template ./my-trainer --name bert',
        'mine start --runner docker',
        'mine start --folder ~/miner-2 --name second --concurrency 2',
      ],
    }),
  )
    .option('--runs <count>', 'end after this many runs', positiveNumber)
    .action((options: Options) => runMiner(context, options));
  addMineDoctor(mine, context);
  addMineImage(mine, context);
  addSubmitFolder(mine, context);
};

async function initMiner(context: Context, options: Options): Promise<void> {
  const { name, folder, key } = await settingsOf(context, options);
  const text = [
    `name        ${name}`,
    `public key  ${key.publicKey}`,
    `folder      ${folder}`,
    'Keep identity.pem: it is who this miner is.',
  ];
  context.out(options.json ? JSON.stringify({ name, folder, public_key: key.publicKey }) : text.join('\n'));
}

async function runMiner(context: Context, options: Options): Promise<void> {
  const { templates, name, folder, key } = await settingsOf(context, options);
  const { url } = await connection(context, options);
  const log = createLogger({ name: 'miner', level: options.verbose ? 'info' : 'error' });
  const runner = await runnerOf(context, options, { folder, log });
  const miner = await startMiner({
    baseUrl: url,
    folder,
    key,
    name,
    templatesFolder: resolve(context.cwd, options.templates),
    templates,
    trustsForeignCode: options.trustForeignCode === true,
    capabilities: await offerOf(folder, options),
    runner,
    concurrency: options.concurrency,
    sharesGpus: options.shareGpus === true,
    baseModelsBytesMax: options.baseModels * 1024 ** 3,
    ...(options.runs ? { runsMax: options.runs } : {}),
    environment: context.env,
    log,
    clock: systemClock,
    newNonce: () => randomBytes(18).toString('base64url'),
    onChange: sayChange(context, { name, url, json: options.json === true }),
  });
  const stop = (): void => {
    context.err('… stopping: trainers end, the service is told');
    void miner.stop();
  };
  if (context.interrupted.aborted) stop();
  context.interrupted.addEventListener('abort', stop, { once: true });
  await miner.ended;
}

/** One line a change; progress of a run every ten seconds at most, so that a log stays short. */
function sayChange(
  context: Context,
  options: { name: string; url: string; json: boolean },
): (change: MinerChange) => void {
  const lastSaidMs = new Map<string, number>();
  return (change) => {
    if (change.kind === 'progress') {
      if (systemClock.nowMs() < (lastSaidMs.get(change.runId) ?? 0) + progressEveryMs) return;
      lastSaidMs.set(change.runId, systemClock.nowMs());
    }
    context.out(options.json ? JSON.stringify(change) : describeChange(change, options));
  };
}

function describeChange(change: MinerChange, options: { name: string; url: string }): string {
  switch (change.kind) {
    case 'registered':
      return `${options.name} (${change.minerId}) waits for work at ${options.url}. Ctrl-C stops.`;
    case 'leased':
      return `${change.runId} leased: ${change.task} with ${change.template}`;
    case 'progress':
      return `${change.runId} step ${change.step}${change.loss === undefined ? '' : `, loss ${change.loss.toPrecision(4)}`}`;
    case 'submitted':
      return `${change.runId} submitted`;
    case 'ended':
      return `${change.runId} ${change.outcome}: ${change.message}`;
    case 'verdict':
      return `${change.runId} ${change.outcome}: ${change.message}${describeScore(change.score)}`;
  }
}

const describeScore = (score: Score | null): string =>
  score === null
    ? ''
    : ` Score ${score.value.toPrecision(4)} (95 %: ${score.ci95.map((edge) => edge.toPrecision(4)).join(' to ')}).`;
