import { systemClock } from '@agon/kit';
import { expect, test } from 'vitest';
import { processRunner } from '../runner/process-runner.ts';
import type { Trainer } from '../runner/runner.ts';
import { TrainerOutput } from '../runner/trainer-output.ts';
import { shellTrainer } from '../testing/job-folder.ts';
import { superviseTrainer, type Watched } from './supervise-trainer.ts';

const runner = processRunner({
  clock: systemClock,
  python: 'python3',
  templatesFolder: '/nowhere',
  environment: process.env,
});
type Changes = Partial<Omit<Watched, 'trainer'>> & { trainer?: Partial<Trainer> };
const later = () => Date.now() / 1000 + 60;

async function watch(script: string, { trainer: trainerChanges, ...changes }: Changes = {}) {
  const { folder, start } = await shellTrainer(script);
  const trainer = { ...(await runner.start(start)), ...trainerChanges };
  const output = new TrainerOutput(folder.log);
  const deadlineUnix = later();
  const watched: Watched = {
    trainer,
    output,
    clock: systemClock,
    memoryMibMax: 500,
    outFolder: folder.out,
    outBytesMax: 2 ** 20,
    killGraceMs: 700,
    deadlineUnix: () => deadlineUnix,
    command: () => 'continue',
    reason: () => null,
    onTick: () => undefined,
    onUsage: () => undefined,
    stopping: new AbortController().signal,
    ...changes,
  };
  return { verdict: await superviseTrainer(watched), output };
}

const past = Date.now() / 1000 - 1;

test('exit 0 is done, and the last progress line is known', async () => {
  const { verdict, output } = await watch(`echo '{"step":1,"loss":0.5}'; echo hello; echo '{"step":2,"loss":0.4}'`);
  expect(verdict).toEqual({ kind: 'done' });
  expect(output.progress).toEqual({ step: 2, loss: 0.4 });
  expect(output.tail).toBe('hello\n');
});

test('a trainer whose use of the machine cannot be seen goes on', async () => {
  const usage = () => Promise.reject(new Error('The daemon is busy.'));
  expect((await watch('sleep 1', { trainer: { usage } })).verdict).toEqual({ kind: 'done' });
});

test('exit 1 is the code’s fault and quotes the last line', async () => {
  const { verdict } = await watch('echo KeyError: age >&2; exit 1');
  expect(verdict).toEqual({
    kind: 'failed',
    class: 'user_code',
    message: 'The trainer ended with code 1. KeyError: age',
  });
});

test('exit 64 says that the data cannot be used', async () => {
  expect((await watch('exit 64')).verdict).toMatchObject({ kind: 'failed', class: 'data' });
});

test('a trainer that saves when the deadline passes is done', async () => {
  const script = 'trap "exit 0" TERM; while :; do sleep 0.05; done';
  expect((await watch(script, { deadlineUnix: () => past, killGraceMs: 5_000 })).verdict).toEqual({ kind: 'done' });
});

test('a trainer that hangs past the deadline is killed and has timed out', async () => {
  const { verdict } = await watch('trap "" TERM; sleep 600', { deadlineUnix: () => past });
  expect(verdict).toMatchObject({ kind: 'failed', class: 'timeout' });
});

test('the command to finish counts as the deadline', async () => {
  const script = 'trap "exit 0" TERM; while :; do sleep 0.05; done';
  expect((await watch(script, { command: () => 'finish', killGraceMs: 5_000 })).verdict).toEqual({ kind: 'done' });
});

test('the command to stop ends the trainer and abandons the run with the reason', async () => {
  const { verdict } = await watch('sleep 600', { command: () => 'stop', reason: () => 'The job was cancelled.' });
  expect(verdict).toEqual({ kind: 'abandoned', message: 'The job was cancelled.' });
});

test('a trainer over its memory is killed and has class oom', async () => {
  const { verdict } = await watch('sleep 600', { memoryMibMax: 0.1 });
  expect(verdict).toMatchObject({ kind: 'failed', class: 'oom' });
});

test('a trainer that fills its disk is killed and told how much it may write', async () => {
  const { verdict } = await watch('head -c 3000000 /dev/urandom > "$AGON_JOB/out/big"; sleep 600');
  expect(verdict).toMatchObject({ kind: 'failed', class: 'user_code', message: expect.stringContaining('1 MiB') });
});

test('an owner who stops the miner fails the run, so that its seat is free at once', async () => {
  const { verdict } = await watch('sleep 600', { stopping: AbortSignal.abort() });
  expect(verdict).toMatchObject({ kind: 'failed', class: 'hardware' });
});

test('a trainer that prints without end is killed', async () => {
  const { verdict } = await watch('yes this is not progress');
  expect(verdict).toMatchObject({ kind: 'failed', class: 'user_code' });
});

test('garbage on stdout is log, not progress', async () => {
  const { output } = await watch(`printf '{"step":"x"}\\n{"step":\\n[1]\\n\\377\\376\\n'`);
  expect(output.progress).toBeUndefined();
});
