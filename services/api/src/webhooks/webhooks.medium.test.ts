import { createSealer, openWebhookSecret } from '@agon/kit';
import type { WebhookDeliveryRecord } from '@agon/store';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Caller, callerWith, startTestApi, type TestApi } from '../testing/test-api.ts';

const sealer = createSealer(new Uint8Array(32).fill(4));
let api: TestApi;
let caller: Caller;
beforeAll(async () => {
  api = await startTestApi({ adapt: () => ({ sealer }) });
  caller = await callerWith(api);
});
afterAll(() => api.close());

const wish = { url: 'https://client.example/hook', events: ['fine_tuning.job.succeeded', 'job.failed'] };
const create = async (owner = caller) => (await owner.post('/v1/webhooks').send(wish).expect(200)).body;

async function deliver(webhookId: string, set: Partial<WebhookDeliveryRecord> = {}): Promise<string> {
  const createdAt = new Date(api.clock.nowMs());
  const delivery: WebhookDeliveryRecord = {
    ...{ id: api.newId('event'), webhookId, jobId: 'job_00000001', type: 'job.failed', status: 'failed', attempts: 8 },
    ...{ nextAttemptAt: null, responseStatus: 500, message: 'The target answered 500 instead of 2xx.', createdAt },
    expiresAt: new Date(createdAt.getTime() + 60_000),
    ...set,
  };
  await api.stores.webhooks.insertDelivery(delivery);
  return delivery.id;
}

describe('a webhook', () => {
  test('shows its secret once, is listed, and goes with its log', async () => {
    const made = await create();
    expect(made).toMatchObject({ object: 'webhook', ...wish });
    expect(made.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const { secret: _, ...shown } = made;
    expect((await caller.get(`/v1/webhooks/${made.id}`).expect(200)).body).toEqual(shown);
    expect((await caller.get('/v1/webhooks?limit=1').expect(200)).body.data).toEqual([shown]);
    const deliveryId = await deliver(made.id);
    const deleted = (await caller.delete(`/v1/webhooks/${made.id}`).expect(200)).body;
    expect(deleted).toEqual({ id: made.id, object: 'webhook', deleted: true });
    await caller.get(`/v1/webhooks/${made.id}`).expect(404);
    expect(await api.stores.webhooks.findDelivery(deliveryId)).toBeUndefined();
  });

  test('has its secret sealed in the database', async () => {
    const made = await create();
    const kept = await api.stores.webhooks.find(made.id);
    expect(kept?.secret).not.toContain('whsec_');
    expect(openWebhookSecret(sealer, { id: made.id, secret: kept?.secret ?? '' })).toBe(made.secret);
  });

  test.each([
    ...['http://127.0.0.1/', 'http://[::1]:8080/', 'http://169.254.169.254/latest', 'http://localhost/hook'],
    ...['http://api.localhost/', 'http://2130706433/', 'https://user:word@client.example/'],
  ])('%s is refused', async (url) => {
    const { body } = await caller
      .post('/v1/webhooks')
      .send({ ...wish, url })
      .expect(400);
    expect(body.error).toMatchObject({ code: 'webhook_url_refused', param: 'url' });
  });

  test.each([
    ['another protocol', { ...wish, url: 'ftp://client.example/' }],
    ['no event', { ...wish, events: [] }],
    ['an event that there is not', { ...wish, events: ['job.started'] }],
    ['a secret of its own', { ...wish, secret: 'whsec_AAAA' }],
  ])('with %s is refused', async (_, body) => {
    expect((await caller.post('/v1/webhooks').send(body).expect(400)).body.error.code).toBe('invalid_request');
  });

  test('of another account is not found by any route, and an account has so many', async () => {
    const { id } = await create();
    const deliveryId = await deliver(id);
    const stranger = await callerWith(api);
    await stranger.get(`/v1/webhooks/${id}`).expect(404);
    await stranger.get(`/v1/webhooks/${id}/deliveries`).expect(404);
    await stranger.post(`/v1/webhooks/${id}/deliveries/${deliveryId}/replay`).expect(404);
    await stranger.delete(`/v1/webhooks/${id}`).expect(404);
    for (let count = 0; count < 20; count += 1) await create(stranger);
    const { body } = await stranger.post('/v1/webhooks').send(wish).expect(400);
    expect(body.error.code).toBe('too_many_webhooks');
  });

  test('may be on this machine where the operator says so', async () => {
    const other = await startTestApi({ settings: { webhookPrivateAddresses: true } });
    const body = { ...wish, url: 'http://127.0.0.1:9000/hook' };
    await (await callerWith(other)).post('/v1/webhooks').send(body).expect(200);
    await other.close();
  });
});

describe('its log', () => {
  test('is read in pages, newest first', async () => {
    const { id } = await create();
    const ids = [await deliver(id), await deliver(id), await deliver(id)];
    const first = (await caller.get(`/v1/webhooks/${id}/deliveries?limit=2`).expect(200)).body;
    expect(first.data.map((each: { id: string }) => each.id)).toEqual([ids[2], ids[1]]);
    const rest = (await caller.get(`/v1/webhooks/${id}/deliveries?after=${first.last_id}`).expect(200)).body;
    expect(rest.data).toMatchObject([
      { id: ids[0], object: 'webhook.delivery', status: 'failed', response_status: 500 },
    ]);
  });

  test('lets a delivery be made again, with all its attempts', async () => {
    const { id } = await create();
    const deliveryId = await deliver(id);
    const again = await caller.post(`/v1/webhooks/${id}/deliveries/${deliveryId}/replay`).expect(200);
    expect(again.body).toMatchObject({ id: deliveryId, status: 'pending', attempts: 0 });
    expect(api.queue.ofQueue('webhook.deliver').map((work) => work.payload)).toContainEqual({ deliveryId });
    const { id: other } = await create();
    await caller.post(`/v1/webhooks/${other}/deliveries/${deliveryId}/replay`).expect(404);
  });
});
