import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Lease, type TaskName, TemplateManifest } from '@agon/contracts';
import { z } from 'zod';
import { fetchGitTemplate, GitTemplateError } from './fetch-git-template.ts';
import { parseTemplateSource } from './template-source.ts';

/** A recipe on this machine: its manifest and its folder. */
export type Template = {
  readonly manifest: TemplateManifest;
  readonly folder: string;
  /** Fetched from elsewhere: its program is a stranger's. */
  readonly foreign: boolean;
};

/** A template that is missing or whose manifest is wrong. */
export class TemplateError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TemplateError';
  }
}

export type TemplatePlaces = {
  /** The recipes that are known by name. */
  readonly templatesFolder: string;
  /** Where commits of repositories are kept. */
  readonly cacheFolder: string;
  /** Of the miner: where git finds its settings and keys. */
  readonly environment: Readonly<Record<string, string | undefined>>;
};

/**
 * Loads templates by what `parseTemplateSource` takes: names, folders, commits of git repositories.
 *
 * @throws TemplateError that names the template and what is wrong with it.
 */
export async function loadTemplates(places: TemplatePlaces, sources: readonly string[]): Promise<Template[]> {
  const templates = await Promise.all(sources.map((source) => loadTemplate(places, source)));
  const names = templates.map(({ manifest }) => manifest.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new TemplateError(`Two templates are called "${twice}"; give one another name.`);
  return templates;
}

/** @throws TemplateError */
export async function loadTemplate(places: TemplatePlaces, source: string): Promise<Template> {
  const { folder, foreign } = await locate(places, source);
  const text = await readFile(join(folder, 'template.json'), 'utf8').catch(() => undefined);
  if (text === undefined) throw new TemplateError(`There is no template "${source}": ${folder} has no template.json.`);
  try {
    return { manifest: TemplateManifest.parse(JSON.parse(text)), folder, foreign };
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new TemplateError(`The template "${source}" has a wrong template.json:\n${why}`);
  }
}

async function locate(places: TemplatePlaces, text: string): Promise<{ folder: string; foreign: boolean }> {
  try {
    const source = parseTemplateSource(text);
    if (source.kind === 'name') return { folder: join(places.templatesFolder, source.name), foreign: false };
    if (source.kind === 'folder') return { folder: resolve(source.folder), foreign: false };
    return { folder: await fetchGitTemplate(source, places), foreign: true };
  } catch (error) {
    if (error instanceof TypeError || error instanceof GitTemplateError) throw new TemplateError(error.message);
    throw error;
  }
}

/**
 * A plain process may do all that its owner may do: a stranger's program is one only where the owner says so.
 *
 * @throws TemplateError
 */
export function checkTrust(templates: readonly Template[], { trusted }: { trusted: boolean }): void {
  const foreign = templates.find((template) => template.foreign);
  if (!foreign || trusted) return;
  throw new TemplateError(
    `The template "${foreign.manifest.name}" comes from elsewhere, and as a plain process it could read all that you can. ` +
      `Read ${foreign.folder} first, then say --trust-foreign-code.`,
  );
}

/** What the service, receipts and the miner's memory of sizes call a template; as long as the service takes it. */
export const templateId = ({ manifest }: Template): string => `${manifest.name}@${manifest.version}`.slice(0, 64);

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
