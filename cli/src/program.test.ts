import { Command } from 'commander';
import { expect, test } from 'vitest';
import type { Context } from './context.ts';
import { buildProgram } from './program.ts';

const said: string[] = [];
const context: Context = {
  env: {},
  cwd: '/nowhere',
  out: (text) => said.push(text),
  write: (text) => said.push(text),
  err: (text) => said.push(text),
  isTerminal: false,
  interrupted: new AbortController().signal,
};
const program = buildProgram(new Command(), context);

/** Every command that does something, groups left out. */
function leaves(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap((child) => leaves(child as Command));
}

test('an option belongs to the command that it follows, also where the one above has it too', async () => {
  const given: unknown[] = [];
  const parsing = buildProgram(new Command(), context);
  const models = parsing.commands.find((command) => command.name() === 'models');
  models?.commands[0]?.action((_folder: string, options: unknown) => {
    given.push(options);
  });
  await parsing.parseAsync(['node', 'agon', 'models', 'import', 'folder', '--name', 'org/x', '--json', '--key', 'k']);
  expect(given).toEqual([{ name: 'org/x', json: true, key: 'k' }]);
});

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
    'chat',
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
