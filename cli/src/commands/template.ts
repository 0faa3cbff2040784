import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readModelFolder } from '@agon/base-models/folder';
import { type TaskName, taskTable } from '@agon/contracts';
import { silentLog, systemClock } from '@agon/kit';
import { checkTrust, loadTemplate, type Runner, type Template } from '@agon/miner';
import { addCommand, addGroup, positiveNumber, type Register } from '../command.ts';
import { CommandError, type Context, homeFolder, type SharedOptions } from '../context.ts';
import { datasetsFolder, modelsFolder, templatesFolder } from '../repository.ts';
import { addRunnerOptions, type RunnerOptions, runnerOf } from '../runner-options.ts';
import { checkTable, linesOf } from '../template/check-table.ts';
import { type ConformanceInput, checkTask, type TaskConformance } from '../template/conformance.ts';
import { type ScaffoldLanguage, scaffold, scaffoldLanguages } from '../template/scaffold.ts';
import { writeTinyEncoder } from '../template/tiny-encoder.ts';

type NewOptions = SharedOptions & { language: string; folder?: string };
type TestOptions = SharedOptions &
  RunnerOptions & {
    task?: string[];
    base?: string;
    seconds?: number;
    grace: number;
    keep?: boolean;
    quick?: boolean;
    trustForeignCode?: boolean;
  };

const secondsOfTables = 12;
const secondsOfLanguage = 40;

/** `agon template`: makes a trainer of one's own and tests it. */
export const registerTemplate: Register = (program, context) => {
  const template = addGroup(program, 'template', 'write a trainer of your own and test it');
  addCommand(template, {
    usage: 'new <name>',
    summary: 'make a folder with a small trainer that keeps the contract',
    examples: ['template new my-trainer', 'template new my-trainer --language shell --folder ~/trainers'],
  })
    .option('--language <language>', `one of ${scaffoldLanguages.join(', ')}`, 'python')
    .option('--folder <folder>', 'where to make it (default: here)')
    .action((name: string, options: NewOptions) => makeTemplate(context, name, options));
  const test = addCommand(template, {
    usage: 'test <template>',
    summary: 'run a trainer on small real data and check that it keeps the contract',
    examples: [
      'template test ./my-trainer',
      'template test tabular-gbdt --task tabular-regression',
      'template test ./my-trainer --runner docker --image my-trainer:1',
      'template test ./my-trainer --json',
      'template test lora-torch --base ~/models/SmolLM2-135M --seconds 120',
    ],
  });
  addRunnerOptions(test)
    .option('--task <task...>', 'only these of its tasks')
    .option('--base <folder>', 'base model for tasks that need one (default: a tiny one)')
    .option(
      '--seconds <seconds>',
      `time to train (default: ${secondsOfTables}, with a base model ${secondsOfLanguage})`,
      positiveNumber,
    )
    .option('--grace <seconds>', 'time to save after SIGTERM; miners give 10 at least', positiveNumber, 10)
    .option('--templates <folder>', 'folder of the recipes that have names', templatesFolder)
    .option('--quick', 'leave out the trials on tiny and odd data')
    .option('--keep', 'keep the job folders, and say where they are')
    .option('--trust-foreign-code', 'run a program that was fetched by git as a plain process')
    .action((source: string, options: TestOptions) => testTemplate(context, source, options));
};

async function makeTemplate(context: Context, name: string, options: NewOptions): Promise<void> {
  const language = scaffoldLanguages.find((one) => one === options.language) as ScaffoldLanguage | undefined;
  if (!language)
    throw new CommandError(`There is no ${options.language} trainer; --language is ${scaffoldLanguages.join(' or ')}.`);
  const made = await scaffold({ name, language, parent: join(context.cwd, options.folder ?? '.') });
  const text = [
    `${made.folder} has a trainer that keeps the contract and knows nothing: make it learn.`,
    `  agon template test ${made.folder}`,
    `  agon mine start --template ${made.folder}`,
  ].join('\n');
  context.out(options.json ? JSON.stringify(made) : text);
}

async function testTemplate(context: Context, source: string, options: TestOptions): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'agon-template-'));
  try {
    const cacheFolder = join(await homeFolder(context), 'templates');
    const places = { templatesFolder: options.templates, cacheFolder, environment: context.env };
    const template = await loadTemplate(places, source);
    const runner = await runnerOf(context, options, { folder, log: silentLog });
    checkTrust([template], { trusted: runner.isolates || options.trustForeignCode === true });
    await runner.ready();
    await runner.prepare(template);
    const results = await checkTasks(context, { template, folder, options, runner });
    await runner.sweep(new Set());
    const ok = results.every(({ checks }) => checks.every((check) => check.ok !== false));
    report(context, options, { template, results, ok });
    if (!ok) process.exitCode = 1;
  } finally {
    if (options.keep) context.err(`The job folders are kept in ${folder}.`);
    else await rm(folder, { recursive: true, force: true });
  }
}

async function checkTasks(
  context: Context,
  { template, folder, options, runner }: { template: Template; folder: string; options: TestOptions; runner: Runner },
): Promise<TaskConformance[]> {
  const results: TaskConformance[] = [];
  for (const task of tasksOf(template, options.task)) {
    const base = await baseFor(task, { template, folder, asked: options.base });
    const input: ConformanceInput = {
      ...{ template, folder, base, datasetsFolder, runner },
      clock: systemClock,
      seconds: options.seconds ?? (base ? secondsOfLanguage : secondsOfTables),
      graceMs: options.grace * 1000,
      keeps: options.keep === true,
      quick: options.quick === true,
      signal: context.interrupted,
      say: (text) => context.err(`… ${text}`),
    };
    results.push(await checkTask(input, task));
  }
  return results;
}

function tasksOf(template: Template, asked: readonly string[] | undefined): TaskName[] {
  const { tasks, name } = template.manifest;
  const unknown = asked?.find((task) => !tasks.includes(task as TaskName));
  if (unknown !== undefined) throw new CommandError(`${name} has no task ${unknown}; it has ${tasks.join(', ')}.`);
  return tasks.filter((task) => asked === undefined || asked.includes(task));
}

/** The model that a trial starts from: the one asked for, else a tiny one where task or template need one. */
async function baseFor(
  task: TaskName,
  { template, folder, asked }: { template: Template; folder: string; asked: string | undefined },
): Promise<ConformanceInput['base']> {
  const needed = taskTable[task].baseModel === 'required' || template.manifest.base_model;
  if (!needed || taskTable[task].baseModel === 'none') return null;
  const encoder = join(folder, 'tiny-encoder');
  if (asked === undefined && task === 'text-classification') await writeTinyEncoder(encoder);
  const chosen = asked ?? (task === 'text-classification' ? encoder : join(modelsFolder, 'agon-tiny'));
  const { files } = await readModelFolder(chosen);
  return { folder: chosen, files: files.map(({ path }) => ({ path, localPath: join(chosen, path) })) };
}

function report(
  context: Context,
  options: TestOptions,
  { template, results, ok }: { template: Template; results: readonly TaskConformance[]; ok: boolean },
): void {
  const { name, version } = template.manifest;
  if (options.json) {
    const tasks = results.map(({ task, checks }) => ({
      task,
      checks: checks.map((check) => ({ ...check, ...checkTable[check.name] })),
    }));
    context.out(JSON.stringify({ template: name, version, ok, tasks }));
    return;
  }
  for (const result of results) context.out([`${name} ${version}, ${result.task}`, ...linesOf(result)].join('\n'));
  context.out(ok ? `${name} keeps the contract.` : `${name} breaks the contract: see ✗.`);
}
