import { AppError, type Webhook, type WebhookDelivery, WebhookDeliveryId, WebhookId } from '@agon/contracts';
import { unixSeconds } from '@agon/kit';
import type { Stores, WebhookDeliveryRecord, WebhookRecord } from '@agon/store';
import { z } from 'zod';

export const WebhookParams = z.object({ webhook_id: WebhookId });
export const DeliveryParams = WebhookParams.extend({ delivery_id: WebhookDeliveryId });

/** A webhook as its owner reads it; the secret only where it was just made. */
export const webhookWire = (webhook: WebhookRecord, secret?: string): Webhook => ({
  id: webhook.id,
  object: 'webhook',
  url: webhook.url,
  events: webhook.events,
  created_at: unixSeconds(webhook.createdAt),
  ...(secret === undefined ? {} : { secret }),
});

export const deliveryWire = (delivery: WebhookDeliveryRecord): WebhookDelivery => ({
  id: delivery.id,
  object: 'webhook.delivery',
  type: delivery.type,
  job: delivery.jobId,
  status: delivery.status,
  attempts: delivery.attempts,
  next_attempt_at: delivery.nextAttemptAt && unixSeconds(delivery.nextAttemptAt),
  response_status: delivery.responseStatus,
  message: delivery.message,
  created_at: unixSeconds(delivery.createdAt),
});

/** @throws AppError `webhook_not_found`, also where it is another account's. */
export async function findWebhook(
  stores: Pick<Stores, 'webhooks'>,
  owned: { webhookId: string; accountId: string },
): Promise<WebhookRecord> {
  const webhook = await stores.webhooks.find(owned.webhookId);
  if (webhook?.accountId === owned.accountId) return webhook;
  throw new AppError('webhook_not_found', `There is no webhook ${owned.webhookId}.`);
}
