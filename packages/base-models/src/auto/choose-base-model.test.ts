import type { BaseModelFacts, TaskName } from '@agon/contracts';
import { aBaseModel } from '@agon/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { catalogue } from './catalogue.ts';
import { type Candidate, chooseBaseModel } from './choose-base-model.ts';

const facts = aBaseModel().facts;
const candidate = (name: string, changes: Partial<BaseModelFacts>, here = true): Candidate => ({
  name,
  facts: { ...facts, ...changes },
  here,
});

const tiny = candidate('tiny', { parameters: 5e6 });
const small = candidate('small', { parameters: 135e6, hidden_size: 576, layers: 30, vocabulary: 49_152 });
const large = candidate('large', { parameters: 7e9, hidden_size: 4_096, layers: 32, vocabulary: 32_768 });
const encoder = candidate('encoder', { kind: 'encoder', has_chat_template: false, parameters: 22e6 });
const all = [large, encoder, tiny, small];

const laptop = { memory_mib: 8_192, vram_mib: 0, cpus: 2, tasks: ['chat'] as TaskName[] };
const server = { memory_mib: 128_000, vram_mib: 80_000, cpus: 32, tasks: ['chat'] as TaskName[] };
const choose = (budgetMinutes: number, miners: readonly (typeof laptop)[], task: TaskName = 'chat') =>
  chooseBaseModel(all, { task, budgetMinutes, miners });

describe('auto', () => {
  test.each([
    ['tiny', 1, [laptop]],
    ['small', 10, [laptop]],
    ['large', 10, [server]],
    ['large', 10, [server, laptop]],
    ['small', 10, [server, laptop, laptop]],
    ['small', 10, []],
    ['tiny', 0.2, [laptop]],
  ])('takes the %s one for %d minutes', (name, minutes, miners) => {
    expect(choose(minutes, miners)?.candidate.name).toBe(name);
  });

  test('counts only miners that do the task', () => {
    expect(choose(10, [{ ...server, tasks: ['preference'] }, laptop])?.candidate.name).toBe('small');
  });

  test('takes encoders to classify and no others', () => {
    expect(choose(600, [], 'text-classification')?.candidate.name).toBe('encoder');
  });

  test('takes nothing that has no chat template to answer', () => {
    const mute = candidate('mute', { has_chat_template: false });
    expect(chooseBaseModel([mute], { task: 'chat', budgetMinutes: 10, miners: [] })).toBeUndefined();
  });

  test('prefers what is here to its like on the hub', () => {
    const remote = { ...small, name: 'remote', here: false };
    const question = { task: 'chat', budgetMinutes: 10, miners: [laptop] } as const;
    for (const candidates of [
      [remote, small],
      [small, remote],
    ]) {
      expect(chooseBaseModel(candidates, question)?.candidate.name).toBe('small');
    }
  });

  test('says why', () => {
    expect(choose(10, [laptop])?.why).toBe(
      'auto chose small (135 million parameters, licence apache-2.0): the largest of 3 candidates that fits 10 minutes and 1 miner online.',
    );
    expect(chooseBaseModel([large], { task: 'chat', budgetMinutes: 1, miners: [laptop] })?.why).toContain(
      'the smallest of 1 candidate, as none fits 1 minute and 1 miner online',
    );
  });

  test('never takes a smaller one for more time', () => {
    const minutes = fc.double({ min: 0.2, max: 10_000, noNaN: true });
    fc.assert(
      fc.property(minutes, minutes, fc.subarray([laptop, server]), (some, others, miners) => {
        const [less, more] = [Math.min(some, others), Math.max(some, others)].map((each) => choose(each, miners));
        expect(less?.candidate.facts.parameters).toBeLessThanOrEqual(more?.candidate.facts.parameters ?? 0);
      }),
    );
  });

  test.each(['chat', 'preference', 'text-classification'] as const)('finds one for %s in the catalogue', (task) => {
    const candidates = catalogue.map(({ name, facts }) => ({ name, facts, here: false }));
    expect(chooseBaseModel(candidates, { task, budgetMinutes: 10, miners: [] })?.why).toContain('fetched from the hub');
  });
});
