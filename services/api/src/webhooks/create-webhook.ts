import { isIP } from 'node:net';
import { AppError, CreateWebhook, limits, Webhook } from '@agon/contracts';
import { isPublicAddress, newWebhookSecret, sealWebhookSecret } from '@agon/kit';
import type { WebhookRecord } from '@agon/store';
import { nowDate } from '../deps.ts';
import { route } from '../http/route.ts';
import { webhookWire } from './find-webhook.ts';

const secretBytes = 32;

/**
 * Refuses at once what can be seen without a lookup; where a name leads is checked at every delivery, as it may change.
 *
 * @throws AppError `webhook_url_refused`.
 */
export function checkWebhookUrl(text: string, { privateAddresses }: { privateAddresses: boolean }): void {
  const { hostname, username, password } = new URL(text);
  const refuse = (message: string): never => {
    throw new AppError('webhook_url_refused', message, { param: 'url' });
  };
  if (username !== '' || password !== '') refuse('url: names a user or a password, which would be kept unprotected.');
  if (privateAddresses) return;
  const host = hostname.replace(/^\[|\]$/g, '');
  const isPrivate = isIP(host) !== 0 ? !isPublicAddress(host) : /(^|\.)localhost\.?$/.test(host);
  if (isPrivate) refuse(`url: ${host} is not a public address.`);
}

export const createWebhook = route({
  method: 'post',
  path: '/v1/webhooks',
  tag: 'Webhooks',
  operationId: 'createWebhook',
  summary: 'Be told when jobs end',
  description:
    'Events are posted in OpenAI’s form and signed as Standard Webhooks says, so `client.webhooks.unwrap` of its SDK verifies them. The answer holds the secret, this once.',
  auth: 'key',
  scopes: ['jobs:write'],
  request: { body: CreateWebhook },
  response: Webhook,
  status: 200,
  errors: ['invalid_request', 'invalid_json', 'webhook_url_refused', 'too_many_webhooks'],
  async handle({ deps, caller: { accountId }, body }) {
    checkWebhookUrl(body.url, { privateAddresses: deps.settings.webhookPrivateAddresses });
    const count = limits.webhooksPerAccountMax;
    if ((await deps.stores.webhooks.list({ accountId, limit: count })).length >= count) {
      throw new AppError('too_many_webhooks', `An account has at most ${count} webhooks.`);
    }
    const id = deps.newId('webhook');
    const secret = newWebhookSecret(deps.randomBytes(secretBytes));
    const webhook: WebhookRecord = {
      id,
      accountId,
      url: body.url,
      events: [...new Set(body.events)],
      secret: sealWebhookSecret(deps.sealer, { id, secret }),
      createdAt: nowDate(deps),
    };
    await deps.stores.webhooks.insert(webhook);
    return webhookWire(webhook, secret);
  },
});
