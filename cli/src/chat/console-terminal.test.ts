import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { ConsoleTerminal } from './console-terminal.ts';

const ctrlC = '\u0003';
const ctrlD = '\u0004';

function open() {
  const input = new PassThrough();
  return { input, terminal: new ConsoleTerminal(input, new PassThrough()) };
}

test('a line is what was typed; Ctrl-D leaves, and once left stays left', async () => {
  const { input, terminal } = open();
  const line = terminal.ask();
  input.write('hello\n');
  expect(await line).toBe('hello');
  const end = terminal.ask();
  input.write(ctrlD);
  expect(await end).toBeUndefined();
  expect(await terminal.ask()).toBeUndefined();
});

test('Ctrl-C stops an answer, and leaves where there is none', async () => {
  const { input, terminal } = open();
  let stops = 0;
  const stopped = new Promise<void>((resolve) => {
    terminal.onInterrupt(() => {
      stops += 1;
      resolve();
    });
  });
  input.write(ctrlC);
  await stopped;
  terminal.onInterrupt(() => undefined)();
  const line = terminal.ask();
  input.write(ctrlC);
  expect(await line).toBeUndefined();
  expect(stops).toBe(1);
});
