import type { HubStores } from '@agon/store';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildHub } from '../build-hub.ts';
import { fileLine, header, lfsLine, rawClient } from '../testing/raw-client.ts';
import { someBytes, startTestHub, type TestHub } from '../testing/test-hub.ts';

let hub: TestHub;
let alice: Awaited<ReturnType<TestHub['account']>>;
beforeAll(async () => {
  hub = await startTestHub();
  alice = await hub.account('alice');
});
afterAll(() => hub.close());

/** Every step of a commit that changes the database, as the process might end before or after it. */
const steps = [
  ['blobs', 'hold'],
  ['commits', 'insert'],
  ['refs', 'advance'],
] as const;

/** The registry of a process that ends at a step. */
function dyingHub([store, method]: (typeof steps)[number], moment: 'before' | 'after') {
  const whole = hub.stores.hub[store] as unknown as Record<string, (...inputs: unknown[]) => Promise<unknown>>;
  const dying = async (...inputs: unknown[]): Promise<never> => {
    if (moment === 'after') await whole[method]?.(...inputs);
    throw new Error('The process ended.');
  };
  const stores = { ...hub.stores, hub: { ...hub.stores.hub, [store]: { ...whole, [method]: dying } } as HubStores };
  return buildHub({ ...hub, stores });
}

let repos = 0;
const cases = steps.flatMap((step) => (['before', 'after'] as const).map((moment) => ({ step, moment })));

describe('a process that ends while it commits', () => {
  test.each(cases)('$moment $step has made all of the commit or nothing; sent again it is there', async (dies) => {
    repos += 1;
    const name = `alice/repo-${repos}`;
    const repo = rawClient(alice.fetch, name);
    await repo.create({ files: [{ path: 'old.txt', content: 'old' }] });
    const content = someBytes(1_000, repos);
    const { objects } = await repo.batch(content);
    await hub.stranger(objects[0].actions.upload.href, { method: 'PUT', body: content });
    const body = header() + lfsLine('m.bin', content) + fileLine('a.txt', `text ${repos}`);

    const dying = rawClient(dyingHub(dies.step, dies.moment).fetchAs(alice.accountId), name);
    expect((await dying.commit(body)).status).toBe(500);

    const isMade = dies.step[1] === 'advance' && dies.moment === 'after';
    expect(await repo.files()).toEqual(isMade ? ['a.txt', 'm.bin', 'old.txt'] : ['old.txt']);
    expect((await repo.batch(content)).objects[0].actions).toBeUndefined();
    expect((await repo.commit(body)).status).toBe(200);
    expect(await repo.files()).toEqual(['a.txt', 'm.bin', 'old.txt']);
    const sent = await repo.get(`/${name}/resolve/main/m.bin`);
    expect(Buffer.from(await sent.arrayBuffer()).equals(content)).toBe(true);
  });
});
