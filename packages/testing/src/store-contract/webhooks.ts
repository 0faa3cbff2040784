import type { WebhookDeliveryRecord } from '@agon/store';
import { expect, it } from 'vitest';
import { aWebhook, aWebhookDelivery } from '../account-builders.ts';
import { aJob } from '../builders.ts';
import type { GetContext } from './context.ts';

export function webhookContract(context: GetContext): void {
  const at = (ms: number): Date => new Date(ms);

  /** A delivery of a webhook that is there. */
  async function planned(set: Partial<WebhookDeliveryRecord> = {}): Promise<WebhookDeliveryRecord> {
    const { stores, newId } = context();
    const webhook = aWebhook({ id: newId('webhook') });
    await stores.webhooks.insert(webhook);
    const delivery = aWebhookDelivery({ id: newId('event'), webhookId: webhook.id, ...set });
    await stores.webhooks.insertDelivery(delivery);
    return delivery;
  }

  it('lists the webhooks of an account newest first, and deletes one with its log', async () => {
    const { stores, newId } = context();
    const accountId = newId('account');
    const webhooks = [1, 2].map(() => aWebhook({ id: newId('webhook'), accountId }));
    for (const webhook of webhooks) await stores.webhooks.insert(webhook);
    expect(await stores.webhooks.list({ accountId, limit: 5 })).toEqual(webhooks.toReversed());
    const delivery = aWebhookDelivery({ id: newId('event'), webhookId: webhooks[0]!.id });
    expect(await stores.webhooks.insertDelivery(delivery)).toBe(true);
    expect(await stores.webhooks.insertDelivery({ ...delivery, attempts: 3 })).toBe(false);
    expect(await stores.webhooks.findDelivery(delivery.id)).toEqual(delivery);
    await stores.webhooks.delete(webhooks[0]!.id);
    expect(await stores.webhooks.find(webhooks[0]!.id)).toBeUndefined();
    expect(await stores.webhooks.listDeliveries({ webhookId: webhooks[0]!.id, limit: 5 })).toEqual([]);
  });

  it('lets one claim a delivery that is due, however many try', async () => {
    const { stores } = context();
    const { id: deliveryId } = await planned({ nextAttemptAt: at(1_000) });
    expect(await stores.webhooks.claimDelivery({ deliveryId, now: at(999), until: at(5_000) })).toBeUndefined();
    const claims = await Promise.all(
      [1, 2, 3, 4].map(() => stores.webhooks.claimDelivery({ deliveryId, now: at(1_000), until: at(5_000) })),
    );
    expect(claims.filter((claim) => claim !== undefined)).toMatchObject([{ attempts: 1, nextAttemptAt: at(5_000) }]);
    expect(await stores.webhooks.listDue({ now: at(4_999), limit: 100 })).not.toContainEqual(
      expect.objectContaining({ id: deliveryId }),
    );
    expect(await stores.webhooks.listDue({ now: at(5_000), limit: 100 })).toContainEqual(
      expect.objectContaining({ id: deliveryId }),
    );
  });

  it('settles the attempt that is at work, once', async () => {
    const { stores } = context();
    const { id: deliveryId } = await planned({ nextAttemptAt: at(1_000) });
    await stores.webhooks.claimDelivery({ deliveryId, now: at(1_000), until: at(5_000) });
    const set = { status: 'delivered', nextAttemptAt: null, responseStatus: 200, message: 'Good.' } as const;
    expect(await stores.webhooks.settleDelivery({ deliveryId, attempt: 2, set })).toBe(false);
    expect(await stores.webhooks.settleDelivery({ deliveryId, attempt: 1, set })).toBe(true);
    expect(await stores.webhooks.settleDelivery({ deliveryId, attempt: 1, set })).toBe(false);
    expect(await stores.webhooks.findDelivery(deliveryId)).toMatchObject(set);
    const again = await stores.webhooks.replayDelivery({ deliveryId, now: at(9_000) });
    expect(again).toMatchObject({ status: 'pending', attempts: 0, nextAttemptAt: at(9_000) });
    expect(await stores.webhooks.replayDelivery({ deliveryId: 'evt_unknown0', now: at(1) })).toBeUndefined();
  });

  it('names jobs that have ended until they are announced', async () => {
    const { stores, newId } = context();
    const jobs = [aJob({ id: newId('job') }), aJob({ id: newId('job'), status: 'failed' })];
    for (const job of jobs) await stores.jobs.insert(job, { type: 'job.created', message: '' });
    const unannounced = async () => (await stores.jobs.listUnannounced({ limit: 1_000 })).map((job) => job.id);
    expect(await unannounced()).toContain(jobs[1]!.id);
    expect(await unannounced()).not.toContain(jobs[0]!.id);
    await stores.jobs.markAnnounced(jobs[1]!.id);
    expect(await unannounced()).not.toContain(jobs[1]!.id);
    expect(await stores.jobs.find(jobs[1]!.id)).toEqual(jobs[1]);
  });
}
