import { aModel, aResult, aRun, fixedClock } from '@agon/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jsonOf, startTestApi, type TestApi } from '../testing/test-api.ts';
import { testMiner } from '../testing/test-miner.ts';
import { onlineMs } from './online.ts';

const clock = fixedClock(Date.UTC(2026, 5, 1));
let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ clock });
});
afterAll(() => api.close());

const read = async (path: string) => jsonOf(await fetch(api.url + path));

test('the record of a miner is public: what it can, what became of its runs, and whether it is there', async () => {
  const miner = testMiner(api, 'ada');
  const { id } = (await miner.register()).body as { id: string };
  const statuses = ['scored', 'scored', 'rejected', 'failed', 'expired', 'training'] as const;
  for (const [index, status] of statuses.entries()) {
    const run = aRun({ id: api.newId('run'), minerId: id, status, seatIndex: index });
    await api.stores.runs.insert(run, { type: 'run.leased', message: 'A miner took a seat.' });
  }
  const winner = { ...aResult().winner, miner: id };
  await api.stores.models.insert(aModel({ id: api.newId('model'), result: aResult({ winner }) }));
  const record = await read(`/v1/miners/${id}`);
  expect(record).toMatchObject({
    object: 'miner',
    name: 'ada',
    online: true,
    templates: ['tabular-linear'],
    runs: { total: 6, scored: 2, rejected: 1, failed: 1, expired: 1, won: 1 },
  });
  expect((await read('/v1/miners')).data).toEqual([record]);
  clock.advance(onlineMs + 1);
  expect((await read(`/v1/miners/${id}`)).online).toBe(false);
});

test('an unknown miner is not found', async () => {
  expect((await read('/v1/miners/miner_00000000')).error.code).toBe('miner_not_found');
});
