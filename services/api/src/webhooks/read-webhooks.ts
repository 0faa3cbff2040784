import { Deleted, PageQuery, pageOf, Webhook, WebhookDelivery, WebhookDeliveryId, WebhookId } from '@agon/contracts';
import { route } from '../http/route.ts';
import { pageFrom } from '../page.ts';
import { deliveryWire, findWebhook, WebhookParams, webhookWire } from './find-webhook.ts';

export const listWebhooks = route({
  method: 'get',
  path: '/v1/webhooks',
  tag: 'Webhooks',
  operationId: 'listWebhooks',
  summary: 'List webhooks, newest first',
  auth: 'key',
  scopes: ['jobs:read'],
  request: { query: PageQuery.extend({ after: WebhookId.optional() }) },
  response: pageOf(Webhook),
  status: 200,
  errors: ['invalid_request'],
  async handle({ deps, caller: { accountId }, query: { limit, after } }) {
    const webhooks = await deps.stores.webhooks.list({ accountId, after, limit: limit + 1 });
    return pageFrom(
      webhooks.map((webhook) => webhookWire(webhook)),
      limit,
    );
  },
});

export const getWebhook = route({
  method: 'get',
  path: '/v1/webhooks/:webhook_id',
  tag: 'Webhooks',
  operationId: 'getWebhook',
  summary: 'Read one webhook',
  auth: 'key',
  scopes: ['jobs:read'],
  request: { params: WebhookParams },
  response: Webhook,
  status: 200,
  errors: ['webhook_not_found'],
  async handle({ deps, caller: { accountId }, params }) {
    return webhookWire(await findWebhook(deps.stores, { webhookId: params.webhook_id, accountId }));
  },
});

export const deleteWebhook = route({
  method: 'delete',
  path: '/v1/webhooks/:webhook_id',
  tag: 'Webhooks',
  operationId: 'deleteWebhook',
  summary: 'Delete a webhook and its log',
  description: 'Nothing more is posted to it, not even what waits for another attempt.',
  auth: 'key',
  scopes: ['jobs:write'],
  request: { params: WebhookParams },
  response: Deleted,
  status: 200,
  errors: ['webhook_not_found'],
  async handle({ deps, caller: { accountId }, params }) {
    const { id } = await findWebhook(deps.stores, { webhookId: params.webhook_id, accountId });
    await deps.stores.webhooks.delete(id);
    return { id, object: 'webhook', deleted: true as const };
  },
});

export const listDeliveries = route({
  method: 'get',
  path: '/v1/webhooks/:webhook_id/deliveries',
  tag: 'Webhooks',
  operationId: 'listWebhookDeliveries',
  summary: 'Read what was posted to a webhook and how it went; kept for 30 days',
  auth: 'key',
  scopes: ['jobs:read'],
  request: { params: WebhookParams, query: PageQuery.extend({ after: WebhookDeliveryId.optional() }) },
  response: pageOf(WebhookDelivery),
  status: 200,
  errors: ['webhook_not_found', 'invalid_request'],
  async handle({ deps, caller: { accountId }, params, query: { limit, after } }) {
    const { id: webhookId } = await findWebhook(deps.stores, { webhookId: params.webhook_id, accountId });
    const deliveries = await deps.stores.webhooks.listDeliveries({ webhookId, after, limit: limit + 1 });
    return pageFrom(deliveries.map(deliveryWire), limit);
  },
});
