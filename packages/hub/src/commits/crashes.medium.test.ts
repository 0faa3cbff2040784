import type { HubBlobRecord, HubStores } from '@agon/store';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildHub } from '../build-hub.ts';
import { fileLine, header, lfsLine, rawClient, sha256Of } from '../testing/raw-client.ts';
import { someBytes, startTestHub, type TestHub } from '../testing/test-hub.ts';
import { settleCommits } from './settle-commits.ts';

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
  ['commits', 'settle'],
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

    const isMade = dies.step[1] === 'settle' || (dies.step[1] === 'advance' && dies.moment === 'after');
    expect(await repo.files()).toEqual(isMade ? ['a.txt', 'm.bin', 'old.txt'] : ['old.txt']);
    expect((await repo.batch(content)).objects[0].actions).toBeUndefined();
    expect((await repo.commit(body)).status).toBe(200);
    expect(await repo.files()).toEqual(['a.txt', 'm.bin', 'old.txt']);
    const sent = await repo.get(`/${name}/resolve/main/m.bin`);
    expect(Buffer.from(await sent.arrayBuffer()).equals(content)).toBe(true);
  });
});

type Change = { readonly [S in keyof HubStores]?: Partial<HubStores[S]> };

/** The registry with some methods of its stores replaced. */
function hubWith(change: Change) {
  const entries = Object.entries(hub.stores.hub) as [keyof HubStores, object][];
  const changed = entries.map(([name, store]) => [name, { ...store, ...change[name] }]);
  return buildHub({ ...hub, stores: { ...hub.stores, hub: Object.fromEntries(changed) as HubStores } });
}

/** Hears what is held for good. */
function pinsHeard() {
  const pinned = new Set<string>();
  const hold = (blobs: readonly HubBlobRecord[]) => {
    for (const blob of blobs) if (blob.expiresAt === null) pinned.add(blob.sha256);
    return hub.stores.hub.blobs.hold(blobs);
  };
  return { pinned, hold };
}

const later = { nowMs: () => Date.now() + 2 * 60 * 60 * 1_000 };

describe('what a crash left behind', () => {
  test('is mended: of a commit that was made all blobs are held for good', async () => {
    const repo = rawClient(alice.fetch, 'alice/mended');
    await repo.create();
    const settle = () => Promise.reject(new Error('The process ended.'));
    const { pinned, hold } = pinsHeard();
    const neverHeld = { hold: () => Promise.resolve() };
    const dying = hubWith({ commits: { settle }, blobs: neverHeld }).fetchAs(alice.accountId);
    await rawClient(dying, 'alice/mended').commit(header() + fileLine('a.txt', 'made'));
    const stores = { ...hub.stores, hub: { ...hub.stores.hub, blobs: { ...hub.stores.hub.blobs, hold } } };
    expect(await settleCommits({ ...hub, stores, clock: later })).toBeGreaterThan(0);
    expect(pinned).toContain(sha256Of(Buffer.from('made')));
    expect(await settleCommits({ ...hub, clock: later })).toBe(0);
    expect(await repo.files()).toEqual(['a.txt']);
  });

  test('is mended: a commit that was not made is removed', async () => {
    const repo = rawClient(alice.fetch, 'alice/unmade');
    await repo.create();
    const before = await repo.head();
    let commitId = '';
    const advance = ({ to }: { to: string }) => {
      commitId = to;
      return Promise.reject(new Error('The process ended.'));
    };
    const dying = hubWith({ refs: { advance } }).fetchAs(alice.accountId);
    await rawClient(dying, 'alice/unmade').commit(header() + fileLine('a.txt', 'unmade'));
    expect((await repo.get(`/alice/unmade/resolve/${commitId}/a.txt`)).status).toBe(200);
    await settleCommits({ ...hub, clock: later });
    expect((await repo.get(`/alice/unmade/resolve/${commitId}/a.txt`)).status).toBe(404);
    expect(await repo.head()).toBe(before);
  });
});

test('a commit that loses the branch takes nothing from the one that won it with the same bytes', async () => {
  const repo = rawClient(alice.fetch, 'alice/raced');
  await repo.create();
  const body = header({ parentCommit: await repo.head() }) + fileLine('a.txt', 'raced');
  const { pinned, hold } = pinsHeard();
  const winner = rawClient(hubWith({ blobs: { hold } }).fetchAs(alice.accountId), 'alice/raced');
  let isFirst = true;
  const advance: HubStores['refs']['advance'] = async (move) => {
    if (isFirst) {
      isFirst = false;
      expect((await winner.commit(body)).status).toBe(200);
    }
    return hub.stores.hub.refs.advance(move);
  };
  const loser = rawClient(hubWith({ refs: { advance } }).fetchAs(alice.accountId), 'alice/raced');
  expect((await loser.commit(body)).status).toBe(412);
  expect(pinned).toContain(sha256Of(Buffer.from('raced')));
  expect(await repo.files()).toEqual(['a.txt']);
});
