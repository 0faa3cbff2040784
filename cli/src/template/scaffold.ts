import { cp, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { TemplateManifest } from '@agon/contracts';
import { CommandError } from '../context.ts';
import { templatesFolder } from '../repository.ts';

export const scaffoldLanguages = ['python', 'shell'] as const;
export type ScaffoldLanguage = (typeof scaffoldLanguages)[number];

const placeholder = 'NAME';
const withName = ['template.json', 'README.md'];

/**
 * Makes a folder with a small trainer that keeps the contract.
 *
 * @throws CommandError for a name that a template may not have, or a folder that is there.
 */
export async function scaffold(input: {
  name: string;
  language: ScaffoldLanguage;
  parent: string;
}): Promise<{ name: string; folder: string; files: string[] }> {
  const { name, language, parent } = input;
  if (!TemplateManifest.shape.name.safeParse(name).success) {
    throw new CommandError(`"${name}" cannot be the name of a template: small letters, digits and dashes, 64 at most.`);
  }
  const folder = resolve(parent, name);
  if (await stat(folder).catch(() => undefined)) throw new CommandError(`${folder} is there already.`);
  const from = join(templatesFolder, 'scaffolds', language);
  await mkdir(parent, { recursive: true });
  await cp(from, folder, { recursive: true, filter: (path) => !/__pycache__|\.pytest_cache/.test(path) });
  for (const file of withName) {
    const path = join(folder, file);
    await writeFile(path, (await readFile(path, 'utf8')).replaceAll(placeholder, name));
  }
  return { name, folder, files: (await readdir(folder)).toSorted() };
}
