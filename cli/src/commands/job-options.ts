import { openAsBlob } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { Client, CreateJobInput } from '@agon/client';
import { type MetricName, TaskName, TextColumns, taskTable } from '@agon/contracts';
import type { Command } from 'commander';
import { positiveNumber } from '../command.ts';
import { CommandError, type Context, type SharedOptions } from '../context.ts';

export type JobOptions = SharedOptions & {
  target?: string;
  task?: string;
  baseModel?: string;
  maxTokens?: number;
  column?: string[];
  metric?: string;
  goal?: string;
  minutes: number;
  seats: number;
  wait: number;
  seed?: string;
  ignore?: string[];
  suffix?: string;
  publishTo?: string;
  public?: boolean;
  merged?: boolean;
  onnx?: boolean;
  hubToken?: string;
};

/** What `submit` and `validate` have in common: the dataset and what is asked for. */
export const addJobOptions = (command: Command): Command =>
  command
    .option('-t, --target <column>', 'column to predict; not for chat and preference')
    .option('--task <task>', `${Object.keys(taskTable).join(', ')}; inferred where left out`)
    .option('--base-model <org/name>', 'model to start from, for tasks on text; auto lets the service choose')
    .option('--max-tokens <count>', 'longest row of a task on text', positiveNumber)
    .option('--column <ours=theirs...>', 'what columns of text are called in the file, as in --column prompt=question')
    .option('-m, --metric <metric>', 'what the race is won by (default: by task)')
    .option('--goal <value>', 'end the race early at this score')
    .option('--minutes <minutes>', 'minutes of racing', positiveNumber, 2)
    .option('--seats <count>', 'places for competing miners', positiveNumber, 3)
    .option('--wait <minutes>', 'how long to wait for the first miner', positiveNumber, 24 * 60)
    .option('--seed <number>', 'seed of the race')
    .option('--ignore <column...>', 'columns that models must not see')
    .option('--suffix <name>', 'name of the model')
    .option('--publish-to <org/name>', 'also push the winner to this repo on the hub of the service')
    .option('--hub-token <token>', 'token that may write to the repo (default: HF_TOKEN, else the service’s own)')
    .option('--public', 'make the repos of the winner public')
    .option('--merged', 'also publish the weights of a LoRA winner merged into its base')
    .option('--no-onnx', 'leave out the files for transformers.js');

/** A file of the service, or a path on this machine that is uploaded first. */
export async function fileIdOf(client: Client, context: Context, file: string): Promise<string> {
  if (/^file-[0-9a-z]+$/.test(file)) return file;
  const path = resolve(context.cwd, file);
  const stats = await stat(path).catch(() => undefined);
  if (!stats?.isFile()) throw new CommandError(`There is no file ${path}.`);
  const stored = await client.files.create(await openAsBlob(path), basename(path));
  return stored.id;
}

export function createJobOf(context: Context, fileId: string, options: JobOptions): CreateJobInput {
  const metric = options.metric as MetricName | undefined;
  return {
    training_file: fileId,
    ...(options.target ? { target: options.target } : {}),
    ...(options.task ? { task: taskOf(options.task) } : {}),
    ...(options.baseModel ? { base_model: options.baseModel } : {}),
    ...(options.maxTokens ? { text: { max_tokens: options.maxTokens } } : {}),
    columns: columnsOf(options.column ?? []),
    objective: { ...(metric ? { metric } : {}), ...(options.goal ? { goal: Number(options.goal) } : {}) },
    budget: { minutes: options.minutes, seats: options.seats, wait_minutes: options.wait },
    ...(options.seed ? { seed: Number(options.seed) } : {}),
    ...(options.suffix ? { suffix: options.suffix } : {}),
    ignore_columns: options.ignore ?? [],
    publish: publishOf(context, options),
  };
}

function publishOf(context: Context, options: JobOptions): CreateJobInput['publish'] {
  const token = options.publishTo === undefined ? options.hubToken : hubToken(context, options.hubToken);
  return {
    ...(options.publishTo === undefined ? {} : { repo: options.publishTo }),
    ...(token === undefined ? {} : { token }),
    private: !options.public,
    merged: options.merged ?? false,
    onnx: options.onnx ?? true,
  };
}

/** The token for a push: given, or the one that other tools of the hub find. */
export const hubToken = (context: Context, given: string | undefined): string | undefined =>
  given ?? (context.env.HF_TOKEN || undefined);

function taskOf(name: string): TaskName {
  const task = TaskName.safeParse(name);
  if (task.success) return task.data;
  throw new CommandError(`There is no task ${JSON.stringify(name)}; the tasks are ${TaskName.options.join(', ')}.`);
}

/** @throws CommandError for a pair that is not `ours=theirs`, or a name of ours that there is not. */
export function columnsOf(pairs: readonly string[]): TextColumns {
  const known = Object.keys(TextColumns.shape);
  const entries = pairs.map((pair) => {
    const [, ours = '', theirs = ''] = /^([^=]+)=(.+)$/s.exec(pair) ?? [];
    if (known.includes(ours)) return [ours, theirs] as const;
    throw new CommandError(`--column ${pair} is not like prompt=question; our names are ${known.join(', ')}.`);
  });
  return TextColumns.parse(Object.fromEntries(entries));
}
