import type { Command } from 'commander';
import type { Context } from './context.ts';

/** One command of `agon`: its file registers it and holds what it does. */
export type Register = (program: Command, context: Context) => void;

/** Adds a command with the options that all have and its examples under `--help`. */
export function addCommand(
  program: Command,
  spec: { usage: string; summary: string; examples: readonly string[] },
): Command {
  const command = program
    .command(spec.usage)
    .description(spec.summary)
    .option('--json', 'print JSON instead of text')
    .option('--url <url>', 'address of the service')
    .option('--key <key>', 'API key');
  return command.addHelpText('after', `\nExamples:\n${spec.examples.map((line) => `  $ agon ${line}`).join('\n')}`);
}

/** A group of commands, such as `agon mine`. */
export const addGroup = (program: Command, name: string, summary: string): Command =>
  program.command(name).description(summary);

/** Reads a number of an option that may be 0. @throws Error that commander shows. */
export function nonNegativeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new TypeError(`"${text}" is no number from 0 on.`);
  return value;
}

/** Reads a positive number of an option. @throws Error that commander shows. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new TypeError(`"${text}" is not a number above 0.`);
  return value;
}
