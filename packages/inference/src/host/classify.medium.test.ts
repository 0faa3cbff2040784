import { join } from 'node:path';
import { LanguageScorer } from '@agon/language';
import { onDisk, tinyBert, tinyClassifier } from '@agon/language/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ChatWorld } from '../testing/chat-models.ts';
import type { ServedModel } from './model-host.ts';

const classes = ['plum', 'pear', 'fig'];
const texts = Array.from({ length: 150 }, (_, row) => `${'ripe '.repeat((row * 7) % 20)}fruit ${row}`);
const never = new AbortController().signal;

let world: ChatWorld;
let model: ServedModel;
beforeAll(async () => {
  world = await ChatWorld.open();
  model = {
    name: 'fruit',
    baseFiles: () => onDisk(world.folder, tinyBert()),
    checkpointFiles: () => onDisk(world.folder, tinyClassifier(1, ['fig', 'plum', 'pear'])),
    parameters: 50_000,
  };
});
afterAll(() => world.close());

const classify = (changes: { texts?: string[]; signal?: AbortSignal; model?: ServedModel } = {}) =>
  world.hosts.classify(
    changes.model ?? model,
    { texts: changes.texts ?? texts, classes, tokensMax: 32 },
    { signal: changes.signal ?? never },
  );

test('each text gets the logits that the evaluator has scored, in the order of the classes asked for', async () => {
  const scorer = await LanguageScorer.open({
    folder: join(world.folder, 'scorer'),
    files: await model.baseFiles(),
    limits: { memoryMib: 2_048, threads: 1, loadMs: 60_000, tokensPerSecondMin: 1 },
  });
  try {
    const rows = texts.map((text) => ({ text }));
    const set = await scorer.encode('texts', async () => ({ kind: 'text', rows }), 32);
    const [scored] = await scorer.classify((await model.checkpointFiles?.()) ?? [], [set], classes);
    const served = await classify();
    expect(served).toHaveLength(texts.length * classes.length);
    const worst = served.reduce((most, value, at) => Math.max(most, Math.abs(value - (scored?.[at] ?? 0))), 0);
    expect(worst).toBeLessThan(1e-4);
  } finally {
    await scorer.close();
  }
});

test('several at once get what each gets alone', async () => {
  const parts = [texts.slice(0, 70), texts.slice(70, 75), texts.slice(75)];
  const alone = await classify();
  const together = await Promise.all(parts.map((part) => classify({ texts: part })));
  const worst = together
    .flatMap((values) => [...values])
    .reduce((most, value, at) => Math.max(most, Math.abs(value - (alone[at] ?? 0))), 0);
  expect(worst).toBeLessThan(1e-4);
});

test('whoever leaves ends the work on the texts', async () => {
  const leaver = new AbortController();
  const left = classify({ texts: Array.from({ length: 40 }, () => texts).flat(), signal: leaver.signal });
  leaver.abort(new Error('gone'));
  await expect(left).rejects.toThrow('gone');
  expect(await classify({ texts: ['fig'] })).toHaveLength(classes.length);
});
