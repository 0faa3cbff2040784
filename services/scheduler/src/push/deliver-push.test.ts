import { limits } from '@agon/contracts';
import type { PushRecord } from '@agon/store';
import { aModel, aPush } from '@agon/testing';
import { describe, expect, test } from 'vitest';
import { mendPushes } from '../reconcile/mend-pushes.ts';
import { emptyScenario, once, type Scenario } from '../testing/race-scenario.ts';
import { deliverPush, retryMs } from './deliver-push.ts';

const pushId = 'push_00000001';
const repo = 'someone/rows';
const weights = Buffer.alloc(10_000, 'weights');
const minute = 60_000;

/** A published model with a push to the foreign hub that is due. */
async function due(set: Partial<PushRecord> = {}, contents: Record<string, string | Buffer> = {}): Promise<Scenario> {
  const scenario = emptyScenario();
  const all = { 'README.md': '# Rows', 'agon.json': '{}', 'onnx/model.onnx_data': weights, ...contents };
  const files = [];
  for (const [path, content] of Object.entries(all))
    files.push({ path, ...(await scenario.artifacts.put(once(content))) });
  await scenario.stores.models.insert(aModel({ files }));
  const now = scenario.clock.date();
  const token = scenario.sealer?.seal('hf_of_the_client', pushId) ?? null;
  await scenario.stores.pushes.insert(aPush({ askedAt: now, nextAttemptAt: now, createdAt: now, token, ...set }));
  return scenario;
}

const pushOf = async ({ stores }: Scenario): Promise<PushRecord | undefined> => stores.pushes.find(pushId);
const deliver = (scenario: Scenario) => deliverPush(scenario, { pushId });
const refuse =
  (status: number, error = 'no') =>
  () =>
    Response.json({ error }, { status });

describe('a push', () => {
  test('makes a private repo with exactly the model’s files, by the client’s token, which is then forgotten', async () => {
    const scenario = await due();
    expect(await deliver(scenario)).toBe('done');
    const hub = scenario.foreignHub;
    expect(hub.paths(repo)).toEqual(['README.md', 'agon.json', 'onnx/model.onnx_data']);
    expect(hub.text(repo, 'onnx/model.onnx_data')).toBe(weights.toString());
    expect(hub.repos.get(repo)?.private).toBe(true);
    const tokens = new Set(hub.calls.filter(({ path }) => !path.startsWith('/lfs/')).map(({ token }) => token));
    expect(tokens).toEqual(new Set(['hf_of_the_client']));
    expect(await pushOf(scenario)).toMatchObject({
      status: 'done',
      attempts: 1,
      token: null,
      message: null,
      url: 'http://hub.test/someone/rows',
      commit: hub.repos.get(repo)?.commits.at(-1),
    });
  });

  test('brings merged weights as a repo beside it, and that first', async () => {
    const scenario = await due({}, { 'merged/config.json': '{"a": 1}', 'merged/README.md': '# Merged' });
    await deliver(scenario);
    const hub = scenario.foreignHub;
    expect(hub.paths(`${repo}-merged`)).toEqual(['README.md', 'config.json']);
    expect(hub.paths(repo)).not.toContain('merged/config.json');
    expect([...hub.repos.keys()]).toEqual([`${repo}-merged`, repo]);
  });

  test('of what is there already makes no commit and sends nothing', async () => {
    const scenario = await due();
    await deliver(scenario);
    const hub = scenario.foreignHub;
    const commits = hub.repos.get(repo)?.commits.length;
    await scenario.stores.pushes.restart({ pushId, set: { private: true, token: null }, now: scenario.clock.date() });
    hub.calls.length = 0;
    await deliver({ ...scenario, pushHub: { url: hub.url, token: 'hf_service', fetch: hub.fetch } });
    expect(await pushOf(scenario)).toMatchObject({ status: 'done', commit: hub.repos.get(repo)?.commits.at(-1) });
    expect(hub.repos.get(repo)?.commits.length).toBe(commits);
    expect(hub.counted(/PUT|commit/)).toBe(0);
  });

  test('replaces what an earlier push of another model has put there', async () => {
    const scenario = await due();
    await deliver(scenario);
    const model = { path: 'model.onnx', ...(await scenario.artifacts.put(once('other'))) };
    const receipt = { path: 'agon.json', ...(await scenario.artifacts.put(once('{"other": 1}'))) };
    await scenario.stores.models.insert(aModel({ id: 'model_00000002', files: [model, receipt] }));
    const other = aPush({ id: 'push_00000002', modelId: 'model_00000002' });
    await scenario.stores.pushes.insert({ ...other, token: scenario.sealer?.seal('hf_x', other.id) ?? null });
    await deliverPush(scenario, { pushId: other.id });
    expect(scenario.foreignHub.paths(repo)).toEqual(['agon.json', 'model.onnx']);
  });

  test('of a model that was deleted ends', async () => {
    const scenario = await due({ modelId: 'model_00000009' });
    await deliver(scenario);
    expect(await pushOf(scenario)).toMatchObject({ status: 'failed', message: 'The model was deleted.', token: null });
  });

  test('that somebody else works on is left to them, and taken over when they fall silent', async () => {
    const scenario = await due({ status: 'pushing', attempts: 1, updatedAt: emptyScenario().clock.date() });
    expect(await deliver(scenario)).toBe('skipped');
    scenario.clock.advance(limits.pushSilenceMs);
    expect(await deliver(scenario)).toBe('done');
    expect(await pushOf(scenario)).toMatchObject({ status: 'done', attempts: 2 });
  });
});

describe('a hub that is away', () => {
  const dead = async (): Promise<never> => {
    throw new TypeError('fetch failed', { cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) });
  };

  test('is tried again, later and later, and gets the model when it is back', async () => {
    const scenario = await due();
    const hub = { url: scenario.foreignHub.url, token: null };
    for (const attempt of [1, 2, 3]) {
      await deliver({ ...scenario, pushHub: { ...hub, fetch: dead } });
      const push = await pushOf(scenario);
      expect(push).toMatchObject({ status: 'pending', attempts: attempt });
      expect(push?.message).toBe('The hub is out of reach (ECONNREFUSED).');
      expect(push?.token).not.toBeNull();
      const delayMs = retryMs(attempt);
      expect(push?.nextAttemptAt).toEqual(new Date(scenario.clock.nowMs() + delayMs));
      expect(scenario.queue.ofQueue('job.push').at(-1)).toMatchObject({ payload: { pushId }, delayMs });
      scenario.clock.advance(delayMs);
    }
    scenario.queue.added = [];
    expect(await mendPushes(scenario)).toBe(1);
    expect(scenario.queue.ofQueue('job.push')).toHaveLength(1);
    await deliver(scenario);
    expect(await pushOf(scenario)).toMatchObject({ status: 'done', attempts: 4 });
  });

  test('for a week is given up, with a word on what to do', async () => {
    const scenario = await due();
    scenario.clock.advance(limits.pushTryMs + minute);
    await deliver({ ...scenario, pushHub: { url: scenario.foreignHub.url, token: null, fetch: dead } });
    const push = await pushOf(scenario);
    expect(push).toMatchObject({ status: 'failed', token: null });
    expect(push?.message).toMatch(/given up after days; ask again/);
  });

  test.each([500, 502, 503, 429, 404])('or answers %i is tried again', async (status) => {
    const scenario = await due();
    scenario.foreignHub.before = refuse(status, 'later');
    await deliver(scenario);
    expect(await pushOf(scenario)).toMatchObject({
      status: 'pending',
      message: `The hub answered ${status}. It says: later`,
    });
  });

  test('when the service shuts down costs no time', async () => {
    const scenario = await due();
    await deliver({ ...scenario, stopping: AbortSignal.abort() });
    expect(await pushOf(scenario)).toMatchObject({ status: 'pending', nextAttemptAt: scenario.clock.date() });
  });
});

describe('a hub that says no', () => {
  test.each([
    [401, /does not take the token/],
    [403, /may not write to someone\/rows/],
    [422, /refused the push to someone\/rows. It says: bad name/],
  ])('by %i ends the push with a reason', async (status, message) => {
    const scenario = await due();
    scenario.foreignHub.before = refuse(status, 'bad name');
    await deliver(scenario);
    const push = await pushOf(scenario);
    expect(push).toMatchObject({ status: 'failed', token: null, nextAttemptAt: null });
    expect(push?.message).toMatch(message);
    expect(scenario.queue.ofQueue('job.push')).toEqual([]);
  });

  test('has a repo with somebody’s own files: nothing is mixed with them', async () => {
    const scenario = await due();
    const files = new Map([['model.safetensors', { content: Buffer.from('theirs'), lfs: false }]]);
    scenario.foreignHub.repos.set(repo, { private: true, files, commits: ['0'.repeat(40)] });
    await deliver(scenario);
    const push = await pushOf(scenario);
    expect(push?.status).toBe('failed');
    expect(push?.message).toMatch(/has files that were not pushed from here \(model.safetensors\)/);
    expect(scenario.foreignHub.paths(repo)).toEqual(['model.safetensors']);
  });

  test('has a repo that was only just made by hand: it is filled', async () => {
    const scenario = await due();
    const files = new Map([['README.md', { content: Buffer.from('# Soon'), lfs: false }]]);
    scenario.foreignHub.repos.set(repo, { private: true, files, commits: ['0'.repeat(40)] });
    await deliver(scenario);
    expect(scenario.foreignHub.text(repo, 'README.md')).toBe('# Rows');
  });

  test('gets no token that was sealed for another push', async () => {
    const scenario = await due({ token: emptyScenario().sealer?.seal('hf_other', 'push_00000009') ?? '' });
    await deliver(scenario);
    expect(await pushOf(scenario)).toMatchObject({ status: 'failed' });
    expect(scenario.foreignHub.calls).toEqual([]);
  });

  test('never goes with the service’s own token in the place of one that no longer opens', async () => {
    const scenario = await due();
    await deliver({ ...scenario, sealer: null, pushHub: scenario.pushHub && { ...scenario.pushHub, token: 'hf_own' } });
    expect(await pushOf(scenario)).toMatchObject({ status: 'failed' });
    expect((await pushOf(scenario))?.message).toContain('can no longer be read');
    expect(scenario.foreignHub.calls).toEqual([]);
  });

  test('without any token is not asked', async () => {
    const scenario = await due({ token: null });
    await deliver(scenario);
    expect(await pushOf(scenario)).toMatchObject({
      status: 'failed',
      message: 'There is no token for http://hub.test.',
    });
  });
});

test('a push that dies at any call goes on where it was: one commit, and no blob is sent twice', async () => {
  const smooth = await due();
  await deliver(smooth);
  const calls = smooth.foreignHub.calls.length;
  expect(calls).toBeGreaterThan(5);
  for (let at = 1; at <= calls; at += 1) {
    for (const when of ['before', 'after'] as const) {
      const scenario = await due();
      const hub = scenario.foreignHub;
      let count = 0;
      const die = (): undefined => {
        count += 1;
        if (count === at) throw new Error('The process died.');
      };
      hub[when] = die;
      await deliver(scenario);
      hub[when] = () => undefined;
      scenario.clock.advance(retryMs(1));
      await deliver(scenario);
      expect(await pushOf(scenario), `${when} call ${at}`).toMatchObject({ status: 'done', attempts: 2 });
      expect(hub.repos.get(repo)?.commits).toHaveLength(2);
      expect(hub.paths(repo)).toEqual(smooth.foreignHub.paths(repo));
      expect(hub.counted(/^PUT/)).toBeLessThanOrEqual(when === 'after' ? 1 : 2);
    }
  }
});

describe('pushes that wait for a model', () => {
  const waiting = { nextAttemptAt: null };

  test('are made due where the model is there, and deleted where not even the job came', async () => {
    const [there, lost] = [await due(waiting), await due({ ...waiting, modelId: 'model_00000009' })];
    for (const scenario of [there, lost]) {
      scenario.clock.advance(11 * minute);
      await mendPushes(scenario);
    }
    expect(await pushOf(there)).toMatchObject({ status: 'pending', nextAttemptAt: there.clock.date() });
    expect(await pushOf(lost)).toBeUndefined();
  });
});
