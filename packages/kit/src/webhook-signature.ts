import { createHmac } from 'node:crypto';

export const webhookSecretPrefix = 'whsec_';

/** A signing secret in the form of Standard Webhooks. @param random 24 to 64 random bytes */
export const newWebhookSecret = (random: Uint8Array): string =>
  webhookSecretPrefix + Buffer.from(random).toString('base64');

/**
 * The headers of a message, signed as https://www.standardwebhooks.com says: HMAC-SHA256 over `id.timestamp.body` with
 * the bytes that the secret names in base64.
 *
 * @param message.body exactly as it is sent
 */
export function signWebhook(
  message: { readonly id: string; readonly timestampSeconds: number; readonly body: string },
  secret: string,
): Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string> {
  const { id, timestampSeconds, body } = message;
  const key = Buffer.from(secret.slice(webhookSecretPrefix.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestampSeconds}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': String(timestampSeconds), 'webhook-signature': `v1,${signature}` };
}
