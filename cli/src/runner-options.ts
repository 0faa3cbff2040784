import { systemClock } from '@agon/kit';
import { makeRunner, type Runner, type RunnerSettings } from '@agon/miner';
import { type Command, Option } from 'commander';
import type { Context } from './context.ts';

/** Options of commands that start trainers. */
export type RunnerOptions = { runner: 'process' | 'docker'; image?: string; python?: string; templates: string };

export const runnerOption = (): Option =>
  new Option('--runner <runner>', 'how trainers run: as plain processes, or in containers')
    .choices(['process', 'docker'])
    .default('process');

export const addRunnerOptions = (command: Command): Command =>
  command
    .addOption(runnerOption())
    .option('--image <image>', 'with --runner docker: name:tag, name@sha256:… or an archive ….tar')
    .option('--python <path>', 'without containers: Python that has the packages of the trainers');

export const pythonOf = (context: Context, options: Pick<RunnerOptions, 'python'>): string =>
  options.python ?? context.env.AGON_PYTHON ?? 'python3';

/** @throws RunnerError */
export const runnerOf = (
  context: Context,
  options: RunnerOptions,
  rest: Pick<RunnerSettings, 'folder' | 'purpose' | 'log'>,
): Promise<Runner> =>
  makeRunner({
    ...rest,
    kind: options.runner,
    image: options.image,
    python: pythonOf(context, options),
    templatesFolder: options.templates,
    environment: context.env,
    clock: systemClock,
    onProgress: (text) => context.err(`… ${text}`),
  });
