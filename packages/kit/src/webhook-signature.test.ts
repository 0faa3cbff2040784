import { randomBytes } from 'node:crypto';
import OpenAI from 'openai';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { newWebhookSecret, signWebhook } from './webhook-signature.ts';

const secret = newWebhookSecret(randomBytes(32));
const body = JSON.stringify({ id: 'evt_1', object: 'event', type: 'fine_tuning.job.succeeded', data: { id: 'job_ä' } });
const timestampSeconds = Math.floor(Date.now() / 1000);
const headers = signWebhook({ id: 'evt_1', timestampSeconds, body }, secret);
const client = new OpenAI({ apiKey: 'unused', webhookSecret: secret });

describe('a signed message', () => {
  test('is verified by OpenAI’s SDK', async () => {
    expect(await client.webhooks.unwrap(body, headers)).toEqual(JSON.parse(body));
  });

  test('is verified by the package of Standard Webhooks', () => {
    expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
  });

  test.each([
    ['another body', { body: body.replace('succeeded', 'failed') }],
    ['another secret', { secret: newWebhookSecret(randomBytes(32)) }],
    ['another id', { headers: { ...headers, 'webhook-id': 'evt_2' } }],
    ['another time', { headers: { ...headers, 'webhook-timestamp': String(timestampSeconds + 1) } }],
  ])('is refused with %s', async (_, changed: { body?: string; secret?: string; headers?: typeof headers }) => {
    const given = { body, secret, headers, ...changed };
    await expect(client.webhooks.unwrap(given.body, given.headers, given.secret)).rejects.toThrow();
    expect(() => new Webhook(given.secret).verify(given.body, given.headers)).toThrow();
  });
});
