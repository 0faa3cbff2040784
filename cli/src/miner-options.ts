import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { readOrMakeSigningKey } from '@agon/kit';
import { detectCapabilities, offered } from '@agon/miner';
import type { Command } from 'commander';
import { positiveNumber } from './command.ts';
import { CommandError, type Context, homeFolder, type SharedOptions } from './context.ts';
import { defaultRecipes } from './default-recipes.ts';
import { templatesFolder } from './repository.ts';
import { addRunnerOptions, pythonOf, type RunnerOptions } from './runner-options.ts';

/** Options of `agon mine …`. */
export type MinerOptions = SharedOptions &
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
    verbose?: boolean;
    trustForeignCode?: boolean;
  };

export const addMinerOptions = (command: Command): Command =>
  addRunnerOptions(command)
    .option('--folder <folder>', 'key, runs and logs of this miner (default: miner/<name> in the .agon folder)')
    .option('--name <name>', 'name shown in races (default: from the host and the template)')
    .option(
      '--template <name...>',
      'recipes to run, the first that fits is taken: names, folders, git addresses with @COMMIT (default: all of ours that can run here)',
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

/** Name, folder and key of the miner that the options mean; makes them where they are new. */
export async function settingsOf(context: Context, options: MinerOptions) {
  const templates = options.template ?? (await defaultRecipes(options, pythonOf(context, options)));
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

/** What the options offer of this machine. @throws CommandError */
export async function offerOf(folder: string, { cpus, memory, gpus }: Pick<MinerOptions, 'cpus' | 'memory' | 'gpus'>) {
  const detected = await detectCapabilities(folder);
  try {
    return offered(detected, { cpus, memoryMib: memory, gpus });
  } catch (error) {
    throw error instanceof TypeError ? new CommandError(error.message) : error;
  }
}
