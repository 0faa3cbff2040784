import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deriveTextNeeds } from './text-needs.ts';

const smol = { parameters: 134_515_008, hidden_size: 576, layers: 30, vocabulary: 49_152 };
const tiny = { parameters: 4_000_000, hidden_size: 256, layers: 6, vocabulary: 4_096 };
const text = { max_tokens: 512, lora_rank_max: 64 };
const size = { trainBytes: 1_000_000, rows: 2_400 };

describe('deriveTextNeeds', () => {
  test('takes a few GiB for a model of 135 million parameters, little more than PyTorch for a tiny one', () => {
    const large = deriveTextNeeds({ task: 'chat', base: smol, text, ...size });
    expect(large.memoryMib).toBeGreaterThan(3_000);
    expect(large.memoryMib).toBeLessThan(5_000);
    expect(deriveTextNeeds({ task: 'chat', base: tiny, text, ...size }).memoryMib).toBeLessThan(1_536);
  });

  test('without a base model takes what counting words does, and no time that could be told', () => {
    const needs = deriveTextNeeds({ task: 'text-classification', base: null, text, ...size });
    expect(needs).toEqual({ memoryMib: 640, vramMib: 0, cpus: 1, epochMinutes: null });
  });

  test('tells the minutes of a pass: 6 operations per parameter and token', () => {
    const { epochMinutes } = deriveTextNeeds({ task: 'chat', base: smol, text, ...size });
    expect(epochMinutes).toBeCloseTo((6 * 134_515_008 * 250_000) / (50e9 * 60), 0);
  });

  test('grows with every part of the job', () => {
    const base = fc.record({
      parameters: fc.integer({ min: 1_000, max: 20_000_000_000 }),
      hidden_size: fc.integer({ min: 8, max: 8_192 }),
      layers: fc.integer({ min: 1, max: 80 }),
      vocabulary: fc.integer({ min: 256, max: 256_000 }),
    });
    const tokens = fc.integer({ min: 16, max: 4_096 });
    fc.assert(
      fc.property(base, tokens, fc.integer({ min: 0, max: 1e9 }), (facts, max_tokens, trainBytes) => {
        const input = { base: facts, text: { max_tokens, lora_rank_max: 64 }, trainBytes, rows: 1_000 };
        const chat = deriveTextNeeds({ task: 'chat', ...input });
        const preference = deriveTextNeeds({ task: 'preference', ...input });
        const more = deriveTextNeeds({ task: 'chat', ...input, trainBytes: trainBytes * 2 });
        expect(preference.memoryMib).toBeGreaterThanOrEqual(chat.memoryMib);
        expect(more.memoryMib).toBeGreaterThanOrEqual(chat.memoryMib);
        expect(more.epochMinutes).toBeGreaterThanOrEqual(chat.epochMinutes ?? 0);
        expect(chat.memoryMib).toBeGreaterThan((facts.parameters * 4) / 2 ** 20);
        expect(chat.memoryMib % 128).toBe(0);
      }),
    );
  });
});
