import { aRepo, builtAt } from '@agon/testing';
import { expect, test } from 'vitest';
import { memoryHub } from '../testing/memory-hub.ts';
import { emptyScenario } from '../testing/race-scenario.ts';
import { purgeRepos } from './purge-repos.ts';

const unused = <T extends object>(): T => ({}) as T;

test('a deletion that broke off is finished: the repo goes last', async () => {
  const hub = memoryHub(unused);
  const { stores } = emptyScenario();
  const repo = aRepo({ deletedAt: builtAt });
  hub.deletedRepos.set(repo.id, repo);
  expect(await purgeRepos({ stores: { ...stores, hub } })).toBe(1);
  expect(hub.deletions).toHaveLength(5);
  expect(hub.deletions.at(-1)).toBe(`repo ${repo.id}`);
  expect(await purgeRepos({ stores: { ...stores, hub } })).toBe(0);
});
