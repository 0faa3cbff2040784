import { expect, test } from 'vitest';
import { createSealer, SealError } from './sealer.ts';
import { openWebhookSecret, sealWebhookSecret } from './webhook-secret.ts';
import { newWebhookSecret } from './webhook-signature.ts';

const sealer = createSealer(new Uint8Array(32).fill(1));
const secret = newWebhookSecret(new Uint8Array(32).fill(2));
const id = 'whk_00000001';
const sealed = sealWebhookSecret(sealer, { id, secret });

test('a secret is kept sealed and opens for its own webhook', () => {
  expect(sealed).not.toContain(secret.slice(6));
  expect(openWebhookSecret(sealer, { id, secret: sealed })).toBe(secret);
});

test('without a key a secret is kept as it is, and still opens when a key is added later', () => {
  expect(sealWebhookSecret(null, { id, secret })).toBe(secret);
  expect(openWebhookSecret(sealer, { id, secret })).toBe(secret);
});

test.each([
  ['for another webhook', sealer, 'whk_00000002'],
  ['with another key', createSealer(new Uint8Array(32).fill(3)), id],
  ['without the key', null, id],
])('a sealed secret does not open %s', (_, opener, webhookId) => {
  expect(() => openWebhookSecret(opener, { id: webhookId, secret: sealed })).toThrow(SealError);
});
