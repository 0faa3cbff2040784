import type { WebhookDeliveryRecord, WebhookRecord, WebhookStore } from '../ports/index.ts';
import { isDuplicateKey } from './database-errors.ts';
import { toDocument, toRecord } from './document.ts';
import { newestFirst } from './newest-first.ts';
import type { StoreDeps } from './store-deps.ts';
import type { WebhookDeliveryDocument, WebhookDocument } from './webhook-schemas.ts';

const recordOf = (document: WebhookDocument): WebhookRecord => toRecord(document);
const deliveryOf = (document: WebhookDeliveryDocument): WebhookDeliveryRecord => toRecord(document);

export function createWebhookStore({ models }: Pick<StoreDeps, 'models'>): WebhookStore {
  const { webhooks, webhookDeliveries: deliveries } = models;

  async function change(filter: Record<string, unknown>, update: Record<string, unknown>) {
    const document = await deliveries
      .findOneAndUpdate(filter, update, { returnDocument: 'after' })
      .lean<WebhookDeliveryDocument>();
    return document ? deliveryOf(document) : undefined;
  }

  return {
    async insert(webhook) {
      await webhooks.create([toDocument(webhook)]);
    },

    async find(webhookId) {
      const document = await webhooks.findById(webhookId).lean<WebhookDocument>();
      return document ? recordOf(document) : undefined;
    },

    async list({ accountId, ...paging }) {
      const documents = await newestFirst(webhooks, { accountId }, paging).lean<WebhookDocument[]>();
      return documents.map(recordOf);
    },

    async delete(webhookId) {
      await webhooks.deleteOne({ _id: webhookId });
      await deliveries.deleteMany({ webhookId });
    },

    async insertDelivery(delivery) {
      try {
        await deliveries.create([toDocument(delivery)]);
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    },

    async findDelivery(deliveryId) {
      const document = await deliveries.findById(deliveryId).lean<WebhookDeliveryDocument>();
      return document ? deliveryOf(document) : undefined;
    },

    async listDeliveries({ webhookId, ...paging }) {
      const documents = await newestFirst(deliveries, { webhookId }, paging).lean<WebhookDeliveryDocument[]>();
      return documents.map(deliveryOf);
    },

    async listDue({ now, limit }) {
      const documents = await deliveries
        .find({ status: 'pending', nextAttemptAt: { $lte: now } })
        .sort({ nextAttemptAt: 1 })
        .limit(limit)
        .lean<WebhookDeliveryDocument[]>();
      return documents.map(deliveryOf);
    },

    claimDelivery: ({ deliveryId, now, until }) =>
      change(
        { _id: deliveryId, status: 'pending', nextAttemptAt: { $lte: now } },
        { $set: { nextAttemptAt: until }, $inc: { attempts: 1 } },
      ),

    async settleDelivery({ deliveryId, attempt, set }) {
      const settled = await change({ _id: deliveryId, status: 'pending', attempts: attempt }, { $set: set });
      return settled !== undefined;
    },

    replayDelivery: ({ deliveryId, now }) =>
      change({ _id: deliveryId }, { $set: { status: 'pending', attempts: 0, nextAttemptAt: now } }),
  };
}
