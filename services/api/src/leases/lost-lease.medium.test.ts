import { someCapabilities } from '@agon/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openRace } from '../testing/open-race.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';
import { testMiner } from '../testing/test-miner.ts';

let api: TestApi;
let aheadMs = 0;
beforeAll(async () => {
  api = await startTestApi({ clock: { nowMs: () => Date.now() + aheadMs } });
});
afterAll(() => api.close());

/** A miner with a lease of a race of one seat, a few seconds ago. */
async function leased(name: string) {
  const miner = testMiner(api, name);
  await miner.register();
  const job = await openRace(api, { seats: 1 });
  const { body: lease } = await miner.lease(5);
  aheadMs += 4_000;
  const ask = (holding?: string[]) =>
    miner.post('/v1/miner/leases', { capabilities: someCapabilities(), wait_seconds: 0.1, holding });
  return { miner, job, lease, ask };
}

test('a lease that its miner does not hold is given again, as it was', async () => {
  const { lease, ask } = await leased('ada');
  expect(lease.object).toBe('miner.lease');
  const again = await ask([]);
  expect(again.status).toBe(200);
  expect(again.body).toEqual(lease);
});

test('a lease that its miner holds, or of which it says nothing, is not given again', async () => {
  const { lease, ask } = await leased('bob');
  expect((await ask([String(lease.run)])).status).toBe(204);
  expect((await ask()).status).toBe(204);
});

test('a run that has begun, or whose race is over, is not given again', async () => {
  const { miner, lease, ask } = await leased('eve');
  await miner.post(`/v1/miner/runs/${lease.run}/heartbeat`, { fence: lease.fence });
  expect((await ask([])).status).toBe(204);
  const late = await leased('joe');
  aheadMs += 11 * 60_000;
  expect((await late.ask([])).status).toBe(204);
});

test('another miner does not get it', async () => {
  await leased('pia');
  const other = testMiner(api, 'zoe');
  await other.register();
  const request = { capabilities: someCapabilities(), wait_seconds: 0.1, holding: [] };
  expect((await other.post('/v1/miner/leases', request)).status).toBe(204);
});
