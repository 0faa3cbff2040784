import { afterEach, expect, test } from 'vitest';
import { leaseRun } from '../testing/lease-run.ts';
import { trainCsv } from '../testing/open-race.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';

const signed: { sha256: string; seconds: number }[] = [];
let api: TestApi;
afterEach(() => api.close());

/** A lease's data from a service whose artifact store signs addresses. */
async function dataOfLease(settings: { directDownloads?: boolean } = {}) {
  signed.length = 0;
  api = await startTestApi({
    settings,
    adapt: ({ artifacts }) => ({
      artifacts: {
        ...artifacts,
        downloadUrl: async (sha256, seconds) => {
          signed.push({ sha256, seconds });
          return `https://store.test/${sha256}?signature=1`;
        },
      },
    }),
  });
  const { miner, lease } = await leaseRun(api);
  const [data] = lease.body.data as { url: string; sha256: string }[];
  const get = (query: string): Promise<Response> => {
    const target = `${data?.url}${query}`;
    return fetch(api.url + target, { headers: miner.sign('GET', target, ''), redirect: 'manual' });
  };
  return { get, sha256: data?.sha256 };
}

test('a miner is sent to the artifact store for minutes, and only for what it leased', async () => {
  const { get, sha256 } = await dataOfLease();
  const answer = await get('');
  expect(answer.status).toBe(307);
  expect(answer.headers.get('location')).toBe(`https://store.test/${sha256}?signature=1`);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(signed).toEqual([{ sha256, seconds: 300 }]);
});

test('a miner that cannot reach the artifact store gets the bytes from the service', async () => {
  const answer = await (await dataOfLease()).get('?via=service');
  expect([answer.status, await answer.text()]).toEqual([200, trainCsv]);
  expect(signed).toEqual([]);
});

test('an operator can have every byte pass through the service', async () => {
  const answer = await (await dataOfLease({ directDownloads: false })).get('');
  expect([answer.status, await answer.text()]).toEqual([200, trainCsv]);
  expect(signed).toEqual([]);
});
