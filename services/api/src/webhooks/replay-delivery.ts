import { AppError, WebhookDelivery } from '@agon/contracts';
import { nowDate } from '../deps.ts';
import { enqueue } from '../enqueue.ts';
import { route } from '../http/route.ts';
import { DeliveryParams, deliveryWire, findWebhook } from './find-webhook.ts';

export const replayDelivery = route({
  method: 'post',
  path: '/v1/webhooks/:webhook_id/deliveries/:delivery_id/replay',
  tag: 'Webhooks',
  operationId: 'replayWebhookDelivery',
  summary: 'Post an event again, now, under the same id',
  auth: 'key',
  scopes: ['jobs:write'],
  request: { params: DeliveryParams },
  response: WebhookDelivery,
  status: 200,
  errors: ['webhook_not_found', 'webhook_delivery_not_found'],
  async handle({ deps, caller: { accountId }, params: { webhook_id: webhookId, delivery_id: deliveryId } }) {
    await findWebhook(deps.stores, { webhookId, accountId });
    const found = await deps.stores.webhooks.findDelivery(deliveryId);
    const missing = new AppError('webhook_delivery_not_found', `The webhook has no delivery ${deliveryId}.`);
    if (found?.webhookId !== webhookId) throw missing;
    const delivery = await deps.stores.webhooks.replayDelivery({ deliveryId, now: nowDate(deps) });
    if (!delivery) throw missing;
    await enqueue(deps, 'webhook.deliver', { deliveryId });
    return deliveryWire(delivery);
  },
});
