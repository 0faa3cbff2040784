import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Share } from '../runner/runner.ts';
import { Machine, type MachineOptions } from './machine.ts';

const gpu = (name: string, vram = 24_000) => ({ uuid: `GPU-${name}`, name, vram_mib: vram });
const machine = (changes: Partial<MachineOptions> = {}): Machine =>
  new Machine({ cpus: 8, memoryMib: 32_768, gpus: [], sharesGpus: false, ...changes });
const small = { memoryMib: 512, vramMib: 0, likesGpu: false };
const onGpu = { memoryMib: 512, vramMib: 8_000, likesGpu: true };

describe('how many runs there are at a time', () => {
  test.each([
    ['a small machine', { cpus: 2, memoryMib: 8_192 }, 1],
    ['many processors', { cpus: 16, memoryMib: 65_536 }, 4],
    ['many processors with little memory', { cpus: 16, memoryMib: 8_192 }, 2],
    ['each GPU', { cpus: 8, gpus: [gpu('a'), gpu('b'), gpu('c')] }, 3],
    ['what the owner says', { runsMax: 5 }, 5],
  ] as const)('%s', (_what, changes, parts) => {
    expect(machine(changes).parts).toBe(parts);
  });
});

test('a run gets a part of the machine, and one that needs more gets that while it is free', () => {
  const ours = machine();
  expect(ours.take(small)).toEqual({ cpus: 4, memoryMib: 16_384, gpus: [] });
  expect(ours.take({ ...small, memoryMib: 20_000 })).toBeUndefined();
  expect(ours.take({ ...small, memoryMib: 16_384 })).toEqual({ cpus: 4, memoryMib: 16_384, gpus: [] });
  expect(ours.free).toEqual({ memoryMib: 0, vramMib: 0 });
  expect(ours.hasRoom).toBe(false);
});

test('a part that is given back can be had again', () => {
  const ours = machine({ runsMax: 1 });
  const share = ours.take(small);
  expect(ours.take(small)).toBeUndefined();
  ours.release(share as Share);
  expect(ours.take(small)).toEqual(share);
});

test('two runs never have the same GPU, unless the owner lets them', () => {
  const alone = machine({ gpus: [gpu('a')], runsMax: 2 });
  expect(alone.take(onGpu)?.gpus).toEqual(['GPU-a']);
  expect(alone.free.vramMib).toBe(0);
  expect(alone.take(onGpu)).toBeUndefined();
  const shared = machine({ gpus: [gpu('a')], runsMax: 2, sharesGpus: true });
  expect([shared.take(onGpu)?.gpus, shared.take(onGpu)?.gpus]).toEqual([['GPU-a'], ['GPU-a']]);
});

test('a run that cannot use a GPU leaves it to others', () => {
  const ours = machine({ gpus: [gpu('a')], runsMax: 2 });
  expect(ours.take(small)?.gpus).toEqual([]);
  expect(ours.take(onGpu)?.gpus).toEqual(['GPU-a']);
});

test('a GPU that is too small is not given', () => {
  expect(machine({ gpus: [gpu('a', 4_000)] }).take(onGpu)).toBeUndefined();
});

test('a run of an earlier life keeps its GPU', () => {
  const ours = machine({ gpus: [gpu('a'), gpu('b')] });
  ours.hold({ cpus: 4, memoryMib: 1_000, gpus: ['GPU-a'] });
  expect(ours.take(onGpu)?.gpus).toEqual(['GPU-b']);
});

test('memory and GPUs are never given twice', () => {
  const needs = fc.record({
    memoryMib: fc.integer({ min: 64, max: 40_000 }),
    vramMib: fc.constantFrom(0, 8_000),
    likesGpu: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(needs, fc.nat(5))), fc.integer({ min: 1, max: 6 }), (steps, runsMax) => {
      const ours = machine({ gpus: [gpu('a'), gpu('b')], runsMax });
      const held: Share[] = [];
      for (const [want, release] of steps) {
        const share = ours.take(want);
        if (share) held.push(share);
        const gpus = held.flatMap((each) => each.gpus);
        expect(new Set(gpus).size).toBe(gpus.length);
        expect(held.reduce((sum, each) => sum + each.memoryMib, 0)).toBeLessThanOrEqual(32_768);
        expect(held.length).toBeLessThanOrEqual(runsMax);
        const [back] = held.splice(release, 1);
        if (back) ours.release(back);
      }
    }),
  );
});
