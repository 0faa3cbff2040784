import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { RefusedSizes } from './refused-sizes.ts';

const day = 24 * 60 * 60 * 1000;
const newPath = async (): Promise<string> => join(await mkdtemp(join(tmpdir(), 'agon-sizes-')), 'refused-sizes.json');
const size = { template: 'gbdt@1.0.0', task: 'tabular-regression', neededMib: 3_000, givenMib: 4_000 } as const;

test('a size that ran out of memory is refused after a restart, and smaller ones are not', async () => {
  const path = await newPath();
  const clock = { nowMs: () => day };
  await (await RefusedSizes.open(path, clock)).add(size);
  const sizes = await RefusedSizes.open(path, clock);
  expect(sizes.refuses(size)).toBe(true);
  expect(sizes.refuses({ ...size, neededMib: 9_000 })).toBe(true);
  expect(sizes.refuses({ ...size, neededMib: 2_999 })).toBe(false);
});

test('with more memory, by another version, for another task or after two weeks it is tried again', async () => {
  let nowMs = day;
  const sizes = await RefusedSizes.open(await newPath(), { nowMs: () => nowMs });
  await sizes.add(size);
  expect(sizes.refuses({ ...size, givenMib: 4_001 })).toBe(false);
  expect(sizes.refuses({ ...size, template: 'gbdt@1.0.1' })).toBe(false);
  expect(sizes.refuses({ ...size, task: 'tabular-classification' })).toBe(false);
  nowMs += 15 * day;
  expect(sizes.refuses(size)).toBe(false);
});

test('the offer stays below what every template for a task refuses', async () => {
  const sizes = await RefusedSizes.open(await newPath(), { nowMs: () => day });
  await sizes.add(size);
  const gbdt = { template: 'gbdt@1.0.0', task: 'tabular-regression' } as const;
  expect(sizes.offerMib(8_000, [gbdt], 4_000)).toBe(2_999);
  expect(sizes.offerMib(8_000, [gbdt, { ...gbdt, template: 'linear@1.0.0' }], 4_000)).toBe(8_000);
  expect(sizes.offerMib(8_000, [gbdt], 6_000)).toBe(8_000);
});

test('a file that is broken counts as empty', async () => {
  const path = await newPath();
  await writeFile(path, '{"half');
  expect((await RefusedSizes.open(path, { nowMs: () => day })).refuses(size)).toBe(false);
});
