import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ModelFault } from '../model-fault.ts';
import type { ModelConfig } from './family.ts';
import { familyTable } from './family-table.ts';

const Architectures = z.object({ architectures: z.array(z.string().max(200)).min(1).max(1) });
const configBytesMax = 4 * 1024 * 1024;

/**
 * Reads `config.json` of a folder in Hugging Face's layout.
 *
 * @throws ModelFault `config_malformed`, `config_unsupported`, `architecture_unknown`
 */
export async function readConfig(folder: string): Promise<ModelConfig> {
  return parseConfig(await readJson(join(folder, 'config.json'), 'config_malformed'));
}

/** @throws ModelFault as `readConfig` */
export function parseConfig(raw: unknown): ModelConfig {
  const parsed = Architectures.safeParse(raw);
  if (!parsed.success) {
    throw new ModelFault('config_malformed', 'config.json must name one architecture in "architectures".');
  }
  const [architecture = ''] = parsed.data.architectures;
  if (!Object.hasOwn(familyTable, architecture)) {
    const known = Object.keys(familyTable).join(', ');
    throw new ModelFault(
      'architecture_unknown',
      `The architecture ${JSON.stringify(architecture)} is not supported; these are: ${known}.`,
    );
  }
  return (familyTable[architecture] as (typeof familyTable)[string]).read(raw, architecture);
}

/** A small JSON file. @throws ModelFault `code` where it is missing, too large or no JSON. */
export async function readJson(path: string, code: 'config_malformed' | 'adapter_malformed'): Promise<unknown> {
  const name = path.split(/[\\/]/).at(-1);
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) throw new ModelFault(code, `${name} is missing.`);
  if (found.size > configBytesMax)
    throw new ModelFault(code, `${name} has ${found.size} bytes, which is no configuration.`);
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch (error) {
    throw new ModelFault(code, `${name} is not valid JSON.`, error);
  }
}
