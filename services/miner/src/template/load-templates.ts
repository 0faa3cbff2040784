import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Lease, type TaskName, TemplateManifest } from '@agon/contracts';

/** A recipe on this machine: its manifest and its folder. */
export type Template = { readonly manifest: TemplateManifest; readonly folder: string };

/** A template that is missing or whose manifest is wrong. */
export class TemplateError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TemplateError';
  }
}

/** @throws TemplateError that names the template and what is wrong with it. */
export async function loadTemplates(folder: string, names: readonly string[]): Promise<Template[]> {
  return Promise.all(names.map((name) => loadTemplate(folder, name)));
}

async function loadTemplate(templatesFolder: string, name: string): Promise<Template> {
  if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) throw new TemplateError(`"${name}" is not a name of a template.`);
  const folder = join(templatesFolder, name);
  const text = await readFile(join(folder, 'template.json'), 'utf8').catch(() => undefined);
  if (text === undefined) throw new TemplateError(`There is no template "${name}" in ${templatesFolder}.`);
  try {
    return { manifest: TemplateManifest.parse(JSON.parse(text)), folder };
  } catch (error) {
    throw new TemplateError(`The template "${name}" has a wrong template.json: ${String(error)}`);
  }
}

/** The first template, in the order given, that knows the task and has the base model that it needs. */
export const templateFor = (
  templates: readonly Template[],
  job: Pick<Lease['job'], 'task' | 'base_model'>,
): Template | undefined =>
  templates.find(
    ({ manifest }) => manifest.tasks.includes(job.task) && (!manifest.base_model || job.base_model !== null),
  );

/** Every task that some template knows. */
export const tasksOf = (templates: readonly Template[]): TaskName[] => [
  ...new Set(templates.flatMap((template) => template.manifest.tasks)),
];
