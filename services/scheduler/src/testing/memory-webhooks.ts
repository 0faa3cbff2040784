import type { WebhookDeliveryRecord, WebhookRecord, WebhookStore } from '@agon/store';

/** Webhooks and their deliveries in memory, with the rules of the port. */
export function memoryWebhooks(): WebhookStore {
  const webhooks = new Map<string, WebhookRecord>();
  const deliveries = new Map<string, WebhookDeliveryRecord>();

  function change(deliveryId: string, set: Partial<WebhookDeliveryRecord>): WebhookDeliveryRecord | undefined {
    const found = deliveries.get(deliveryId);
    if (!found) return undefined;
    const changed = { ...found, ...structuredClone(set) };
    deliveries.set(deliveryId, changed);
    return structuredClone(changed);
  }
  const isDue = ({ status, nextAttemptAt }: WebhookDeliveryRecord, now: Date): boolean =>
    status === 'pending' && nextAttemptAt !== null && nextAttemptAt <= now;

  return {
    insert: async (webhook) => void webhooks.set(webhook.id, structuredClone(webhook)),
    find: async (webhookId) => structuredClone(webhooks.get(webhookId)),
    list: async ({ accountId, limit }) =>
      structuredClone([...webhooks.values()].filter((each) => each.accountId === accountId).slice(0, limit)),
    async delete(webhookId) {
      webhooks.delete(webhookId);
      for (const [id, each] of deliveries) if (each.webhookId === webhookId) deliveries.delete(id);
    },
    async insertDelivery(delivery) {
      if (deliveries.has(delivery.id)) return false;
      deliveries.set(delivery.id, structuredClone(delivery));
      return true;
    },
    findDelivery: async (deliveryId) => structuredClone(deliveries.get(deliveryId)),
    listDeliveries: async ({ webhookId }) =>
      structuredClone([...deliveries.values()].filter((each) => each.webhookId === webhookId)),
    listDue: async ({ now, limit }) =>
      structuredClone([...deliveries.values()].filter((each) => isDue(each, now)).slice(0, limit)),
    async claimDelivery({ deliveryId, now, until }) {
      const found = deliveries.get(deliveryId);
      if (!found || !isDue(found, now)) return undefined;
      return change(deliveryId, { nextAttemptAt: until, attempts: found.attempts + 1 });
    },
    async settleDelivery({ deliveryId, attempt, set }) {
      const found = deliveries.get(deliveryId);
      if (found?.status !== 'pending' || found.attempts !== attempt) return false;
      return change(deliveryId, set) !== undefined;
    },
    replayDelivery: async ({ deliveryId, now }) =>
      change(deliveryId, { status: 'pending', attempts: 0, nextAttemptAt: now }),
  };
}
