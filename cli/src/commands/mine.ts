import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { createLogger, readOrMakeSigningKey, systemClock } from '@agon/kit';
import { detectCapabilities, type MinerChange, offered, startMiner } from '@agon/miner';
import type { Command } from 'commander';
import { addCommand, addGroup, positiveNumber, type Register } from '../command.ts';
import { CommandError, type Context, connection, homeFolder, type SharedOptions } from '../context.ts';
import { templatesFolder } from '../repository.ts';
import { addRunnerOptions, type RunnerOptions, runnerOf } from '../runner-options.ts';
import { addDoctor } from './doctor.ts';
import { addSubmitFolder } from './submit-folder.ts';

type Options = SharedOptions &
  RunnerOptions & {
    folder?: string;
    name?: string;
    template?: string[];
    concurrency?: number;
    cpus?: number;
    memory?: number;
    gpus: string;
    shareGpus?: boolean;
    baseModels: number;
    runs?: number;
    verbose?: boolean;
    trustForeignCode?: boolean;
  };

const progressEveryMs = 10_000;
const defaultTemplates = ['tabular-gbdt', 'tabular-linear', 'tabular-mlp'];

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
  addDoctor<Options>(mine, context, { addOptions: addMinerOptions, placeOf: settingsOf });
  addSubmitFolder(mine, context);
};

const addMinerOptions = (command: Command): Command =>
  addRunnerOptions(command)
    .option('--folder <folder>', 'key, runs and logs of this miner (default: miner/<name> in the .agon folder)')
    .option('--name <name>', 'name shown in races (default: from the host and the template)')
    .option(
      '--template <name...>',
      `recipes to run, the first that fits is taken: names, folders, git addresses with @COMMIT (default: ${defaultTemplates[0]} …)`,
    )
    .option('--templates <folder>', 'folder of the recipes that have names', templatesFolder)
    .option('--trust-foreign-code', 'run programs that were fetched by git as plain processes')
    .option('--concurrency <count>', 'runs at the same time (default: by the size of the machine)', positiveNumber)
    .option('--cpus <count>', 'CPUs to offer (default: all)', positiveNumber)
    .option('--memory <MiB>', 'memory to offer (default: 80 %)', positiveNumber)
    .option('--gpus <gpus>', 'GPUs to offer: all, none, or uuids with commas', 'all')
    .option('--share-gpus', 'let several runs have the same GPU')
    .option('--base-models <GiB>', 'disk for base models that are kept between runs', positiveNumber, 40)
    .option('--verbose', 'show the log');

async function settingsOf(context: Context, options: Options) {
  const templates = options.template ?? defaultTemplates;
  const host = hostname().split('.')[0]?.slice(0, 20) || 'miner';
  const name =
    options.name ??
    `${host}-${templates.length === 1 ? shortName(templates[0]) : 'all'}`.replace(/[^A-Za-z0-9 ._-]/g, '-');
  const folder = options.folder ? resolve(context.cwd, options.folder) : join(await homeFolder(context), 'miner', name);
  await mkdir(folder, { recursive: true });
  const key = await readOrMakeSigningKey(join(folder, 'identity.pem'));
  return { templates, name, folder, key };
}

/** A name for people of what may be a folder or an address. */
const shortName = (source = ''): string =>
  basename(source.replace(/#.*$|@[0-9a-f]{40}.*$/, ''))
    .replace(/\.git$/, '')
    .slice(0, 24) || 'own';

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

/** @throws CommandError */
async function offerOf(folder: string, { cpus, memory, gpus }: Pick<Options, 'cpus' | 'memory' | 'gpus'>) {
  const detected = await detectCapabilities(folder);
  try {
    return offered(detected, { cpus, memoryMib: memory, gpus });
  } catch (error) {
    throw error instanceof TypeError ? new CommandError(error.message) : error;
  }
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
  }
}
