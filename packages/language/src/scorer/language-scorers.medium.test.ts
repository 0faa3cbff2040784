import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { onDisk, tinyLlama } from '../testing/index.ts';
import type { LanguageScorer } from './language-scorer.ts';
import { type BaseModelFiles, LanguageScorers } from './language-scorers.ts';

const limits = { memoryMib: 1_024, threads: 1, loadMs: 30_000, tokensPerSecondMin: 10 };
let root: string;
let scorers: LanguageScorers;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'agon-scorers-'));
  scorers = new LanguageScorers({ folder: join(root, 'scoring'), idleMs: 60_000 });
});
afterEach(async () => {
  await scorers.close();
  await rm(root, { recursive: true, force: true });
});

const base = (id: string, seed = 1): BaseModelFiles => ({ id, files: () => onDisk(root, tinyLlama(seed)), limits });
const chats = {
  kind: 'chat' as const,
  rows: [
    {
      messages: [
        { role: 'user' as const, content: 'Hi' },
        { role: 'assistant' as const, content: 'Yes.' },
      ],
    },
  ],
};
const nats = async (scorer: LanguageScorer): Promise<number | undefined> =>
  (await scorer.scoreBase([await scorer.encode('chats', async () => chats, 100)]))[0]?.[0];
const folders = (): Promise<string[]> => readdir(join(root, 'scoring')).catch(() => []);

test('the base that was used last stays loaded; another takes its place', async () => {
  const first = await scorers.use(base('one'), async (scorer) => ({ nats: await nats(scorer), pid: scorer.pid }));
  const again = await scorers.use(base('one'), async (scorer) => ({ nats: await nats(scorer), pid: scorer.pid }));
  expect(again).toEqual(first);
  const other = await scorers.use(base('two', 2), async (scorer) => ({ nats: await nats(scorer), pid: scorer.pid }));
  expect(other.nats).not.toBe(first.nats);
  expect(await folders()).toHaveLength(1);
  expect(() => process.kill(first.pid ?? 0, 0)).toThrow();
});

test('calls have their turns, also past one that fails', async () => {
  let inside = 0;
  const turn = (id: string, fail: boolean) =>
    scorers.use(base(id), async (scorer) => {
      inside += 1;
      const most = inside;
      await nats(scorer);
      inside -= 1;
      if (fail) throw new Error('failed');
      return most;
    });
  const ended = await Promise.allSettled([turn('one', false), turn('two', true), turn('one', false)]);
  expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(ended[2]).toMatchObject({ value: 1 });
});

test('a base that nobody asks for goes', async () => {
  const short = new LanguageScorers({ folder: join(root, 'scoring'), idleMs: 50 });
  const pid = await short.use(base('one'), async (scorer) => {
    await nats(scorer);
    return scorer.pid;
  });
  expect(pid).toBeGreaterThan(0);
  await expect.poll(folders).toEqual([]);
  await short.close();
});

test('closing ends what is under way, and nothing begins after it', async () => {
  let closing: Promise<void> | undefined;
  const working = scorers.use(base('one'), async (scorer) => {
    await nats(scorer);
    closing = scorers.close();
    return scorer.encode('others', async () => chats, 50);
  });
  await expect(working).rejects.toThrow('closed');
  await closing;
  await expect(scorers.use(base('one'), nats)).rejects.toThrow('shutting down');
  expect(await folders()).toEqual([]);
});

test('a base whose files are not there fails, the next does not', async () => {
  const gone: BaseModelFiles = {
    ...base('gone'),
    files: async () => [{ path: 'config.json', localPath: join(root, 'nothing') }],
  };
  await expect(scorers.use(gone, nats)).rejects.toThrow();
  expect(await scorers.use(base('one'), nats)).toBeGreaterThan(0);
});
