import { Command } from 'commander';
import { expect, test } from 'vitest';
import type { Context } from './context.ts';
import { buildProgram } from './program.ts';

const said: string[] = [];
const context: Context = {
  env: {},
  cwd: '/nowhere',
  out: (text) => said.push(text),
  err: (text) => said.push(text),
  isTerminal: false,
  interrupted: new AbortController().signal,
};
const program = buildProgram(new Command(), context);

/** Every command that does something, groups left out. */
function leaves(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap((child) => leaves(child as Command));
}

test('every command of the manual is there', () => {
  const names = program.commands.map((command) => command.name());
  const wanted = [
    'up',
    'submit',
    'validate',
    'watch',
    'jobs',
    'cancel',
    'mine',
    'miners',
    'models',
    'pull',
    'predict',
    'verify',
    'keys',
  ];
  expect(wanted.filter((name) => !names.includes(name))).toEqual([]);
});

test.each(leaves(program).map((command) => [command.name(), command] as const))(
  '%s has --json and examples in its help',
  (_name, command) => {
    let help = '';
    command.configureOutput({ writeOut: (text) => (help += text) });
    command.outputHelp();
    expect(help).toContain('--json');
    expect(help).toMatch(/Examples:\n {2}\$ agon \w+/);
  },
);
