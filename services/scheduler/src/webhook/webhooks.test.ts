import { limits, WebhookEvent } from '@agon/contracts';
import { createSealer, newWebhookSecret, sealWebhookSecret } from '@agon/kit';
import { aJob, aWebhook, aWebhookDelivery } from '@agon/testing';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { mendWebhooks } from '../reconcile/mend-webhooks.ts';
import { buildReconcile } from '../reconcile/reconcile.ts';
import { crashEverywhere } from '../testing/crash-everywhere.ts';
import { emptyScenario, type Scenario } from '../testing/race-scenario.ts';
import { buildDeliverWebhook } from './deliver-webhook.ts';
import { deliveryIdOf, planWebhooks } from './plan-webhooks.ts';
import type { PostAnswer, Posting } from './post-event.ts';
import { retryDelayMs } from './retry-delay.ts';

const jobId = 'job_00000001';
const succeeded = 'fine_tuning.job.succeeded';
const deliveryId = deliveryIdOf({ webhookId: 'whk_00000001', jobId, type: succeeded });

/** A job that has ended, the webhook of its account and one of another account. */
async function ended(answers: readonly (PostAnswer | null)[] = []): Promise<Scenario & { posted: Posting[] }> {
  const scenario = emptyScenario();
  const posted: Posting[] = [];
  const postEvent = async (posting: Posting): Promise<PostAnswer> => {
    posted.push(posting);
    return answers[posted.length - 1] ?? { status: 200, message: 'The target answered 200.' };
  };
  const job = aJob({ id: jobId, task: 'chat', status: 'succeeded' });
  await scenario.stores.jobs.insert(job, { type: 'job.created', message: '' });
  await scenario.stores.webhooks.insert(aWebhook());
  await scenario.stores.webhooks.insert(aWebhook({ id: 'whk_00000002', accountId: 'acct_00000002' }));
  return { ...scenario, postEvent, posted };
}

const deliver = (scenario: Scenario) => buildDeliverWebhook(scenario)({ deliveryId });
const kept = (scenario: Scenario) => scenario.stores.webhooks.findDelivery(deliveryId);
const refusal: PostAnswer = { status: 503, message: 'The target answered 503 instead of 2xx.' };

describe('the end of a job', () => {
  test('is planned once for each webhook of its account that wants it', async () => {
    const scenario = await ended();
    expect(await planWebhooks(scenario, { jobId })).toBe('done');
    expect(await planWebhooks(scenario, { jobId })).toBe('skipped');
    expect(scenario.queue.ofQueue('webhook.deliver').map((work) => work.payload)).toEqual([{ deliveryId }]);
    expect(await scenario.stores.webhooks.listDeliveries({ webhookId: 'whk_00000002', limit: 9 })).toEqual([]);
  });

  test('is not planned while the job goes on', async () => {
    const scenario = emptyScenario();
    await scenario.stores.webhooks.insert(aWebhook({ events: ['job.succeeded'] }));
    await scenario.stores.jobs.insert(aJob({ id: jobId, status: 'judging' }), { type: 'job.created', message: '' });
    expect(await planWebhooks(scenario, { jobId })).toBe('skipped');
    expect(await scenario.stores.jobs.listUnannounced({ limit: 9 })).toEqual([]);
  });

  test('of a table is told in our words only', async () => {
    const scenario = emptyScenario();
    const events = ['fine_tuning.job.failed', 'job.failed'] as const;
    await scenario.stores.webhooks.insert(aWebhook({ events: [...events] }));
    await scenario.stores.jobs.insert(aJob({ id: jobId, status: 'failed' }), { type: 'job.created', message: '' });
    await planWebhooks(scenario, { jobId });
    const deliveries = await scenario.stores.webhooks.listDeliveries({ webhookId: 'whk_00000001', limit: 9 });
    expect(deliveries.map((each) => each.type)).toEqual(['job.failed']);
  });

  test('reaches every webhook although the process dies anywhere and the queue is emptied', async () => {
    const points = await crashEverywhere({
      build: () => ended(),
      deliver: async (deps) => {
        await planWebhooks(deps, { jobId });
        await mendWebhooks(deps);
      },
      view: ({ queue }) => queue,
    });
    expect(points).toBeGreaterThan(5);
  });
});

describe('a delivery', () => {
  test('is OpenAI’s event, signed so that its SDK takes it', async () => {
    const scenario = await ended();
    await planWebhooks(scenario, { jobId });
    expect(await deliver(scenario)).toBe('done');
    expect(await deliver(scenario)).toBe('skipped');
    expect(scenario.posted).toHaveLength(1);
    const { url, headers, body } = scenario.posted[0]!;
    expect(url).toBe('https://client.example/hook');
    expect(WebhookEvent.parse(JSON.parse(body))).toMatchObject({
      id: deliveryId,
      type: succeeded,
      data: { id: jobId },
    });
    const client = new OpenAI({ apiKey: 'unused', webhookSecret: aWebhook().secret });
    const tolerance = Number.MAX_SAFE_INTEGER;
    expect(await client.webhooks.unwrap(body, headers, undefined, tolerance)).toEqual(JSON.parse(body));
    expect(await kept(scenario)).toMatchObject({ status: 'delivered', attempts: 1, responseStatus: 200 });
  });

  test('is signed with a secret that was kept sealed, and fails with a word to the operator where it does not open', async () => {
    const id = 'whk_00000001';
    const secret = newWebhookSecret(new Uint8Array(32).fill(5));
    const scenario = await ended();
    await scenario.stores.webhooks.delete(id);
    await scenario.stores.webhooks.insert(aWebhook({ id, secret: sealWebhookSecret(scenario.sealer, { id, secret }) }));
    await planWebhooks(scenario, { jobId });
    await deliver({ ...scenario, sealer: createSealer(new Uint8Array(32)) });
    expect(scenario.posted).toEqual([]);
    expect(await kept(scenario)).toMatchObject({ status: 'pending', attempts: 1, responseStatus: null });
    expect((await kept(scenario))?.message).toContain('operator');
    scenario.clock.advance(retryDelayMs(1) ?? 0);
    await deliver(scenario);
    const { body, headers } = scenario.posted[0]!;
    const client = new OpenAI({ apiKey: 'unused', webhookSecret: secret });
    const tolerance = Number.MAX_SAFE_INTEGER;
    expect(await client.webhooks.unwrap(body, headers, undefined, tolerance)).toEqual(JSON.parse(body));
  });

  test('that fails is made again later and later under the same id, then given up', async () => {
    const scenario = await ended(Array.from({ length: 100 }, () => refusal));
    await planWebhooks(scenario, { jobId });
    let waitedMs = 0;
    for (let attempt = 1; (await kept(scenario))?.status === 'pending'; attempt += 1) {
      await deliver(scenario);
      const delayMs = retryDelayMs(attempt) ?? 0;
      scenario.clock.advance(delayMs);
      waitedMs += delayMs;
    }
    expect(await kept(scenario)).toMatchObject({ status: 'failed', attempts: 8, nextAttemptAt: null });
    expect(await kept(scenario)).toMatchObject({ responseStatus: 503, message: refusal.message });
    expect(new Set(scenario.posted.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([deliveryId]));
    expect(waitedMs).toBeGreaterThan(12 * 60 * 60 * 1_000);
    expect(scenario.queue.ofQueue('webhook.deliver').map((work) => work.delayMs)).toContain(5 * 60_000);
  });

  test('is not made before it is due', async () => {
    const scenario = await ended([refusal]);
    await planWebhooks(scenario, { jobId });
    await deliver(scenario);
    expect(await deliver(scenario)).toBe('skipped');
    expect(scenario.posted).toHaveLength(1);
  });

  test('to a webhook that was deleted, or that is gone by its own word, ends', async () => {
    const scenario = await ended([{ status: 410, message: 'Gone.' }]);
    await planWebhooks(scenario, { jobId });
    await deliver(scenario);
    expect(await kept(scenario)).toMatchObject({ status: 'failed', attempts: 1, responseStatus: 410 });
    const other = await ended();
    await planWebhooks(other, { jobId });
    await other.stores.webhooks.delete('whk_00000001');
    expect(await deliver(other)).toBe('skipped');
    expect(other.posted).toEqual([]);
  });

  test('whose process died in the middle is made again by the reconciler', async () => {
    const scenario = await ended();
    await planWebhooks(scenario, { jobId });
    const dying = { ...scenario, postEvent: () => Promise.reject(new Error('killed')) };
    await expect(buildDeliverWebhook(dying)({ deliveryId })).rejects.toThrow('killed');
    scenario.queue.added = [];
    await buildReconcile(scenario)();
    expect(scenario.queue.ofQueue('webhook.deliver')).toEqual([]);
    scenario.clock.advance(4 * limits.webhookAttemptMs);
    await buildReconcile(scenario)();
    await scenario.queue.drain({ 'webhook.deliver': buildDeliverWebhook(scenario) });
    expect(await kept(scenario)).toMatchObject({ status: 'delivered', attempts: 2 });
  });

  test('that was asked for again meanwhile is not settled by the attempt before', async () => {
    const scenario = await ended();
    await planWebhooks(scenario, { jobId });
    const { webhooks } = scenario.stores;
    const overtaken = {
      ...scenario,
      postEvent: async () => {
        await webhooks.replayDelivery({ deliveryId, now: scenario.clock.date() });
        return refusal;
      },
    };
    await buildDeliverWebhook(overtaken)({ deliveryId });
    expect(await kept(scenario)).toMatchObject({ status: 'pending', attempts: 0 });
  });

  test('waits while its account has four that hang, and those of others do not', async () => {
    const scenario = await ended();
    const hanging: (() => void)[] = [];
    const postEvent = ({ url }: Posting): Promise<PostAnswer> =>
      url.includes('other')
        ? Promise.resolve({ status: 200, message: '' })
        : new Promise((resolve) => hanging.push(() => resolve({ status: null, message: 'Late.' })));
    const deliver = buildDeliverWebhook({ ...scenario, postEvent });
    const { webhooks } = scenario.stores;
    await webhooks.insert(aWebhook({ id: 'whk_00000003', accountId: 'acct_00000003', url: 'https://other.example/' }));
    const ids = [1, 2, 3, 4, 5].map((number) => `evt_0000000${number}`);
    for (const id of ids) await webhooks.insertDelivery(aWebhookDelivery({ id }));
    await webhooks.insertDelivery(aWebhookDelivery({ id: 'evt_00000009', webhookId: 'whk_00000003' }));
    const four = ids.slice(0, 4).map((id) => deliver({ deliveryId: id }));
    await expect.poll(() => hanging.length).toBe(4);
    expect(await deliver({ deliveryId: 'evt_00000005' })).toBe('skipped');
    expect(await webhooks.findDelivery('evt_00000005')).toMatchObject({ status: 'pending', attempts: 0 });
    expect(await deliver({ deliveryId: 'evt_00000009' })).toBe('done');
    for (const end of hanging) end();
    expect(await Promise.all(four)).toEqual(['done', 'done', 'done', 'done']);
    const fifth = deliver({ deliveryId: 'evt_00000005' });
    await expect.poll(() => hanging.length).toBe(5);
    hanging[4]?.();
    expect(await fifth).toBe('done');
  });
});
