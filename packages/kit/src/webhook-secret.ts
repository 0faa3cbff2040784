import { openSealed, type Sealer } from './sealer.ts';
import { webhookSecretPrefix } from './webhook-signature.ts';

type Kept = { readonly id: string; readonly secret: string };

/** The secret of a webhook as it is kept: sealed for this webhook alone, or as it is where there is no key to seal with. */
export const sealWebhookSecret = (sealer: Sealer | null, { id, secret }: Kept): string =>
  sealer === null ? secret : sealer.seal(secret, id);

/**
 * The secret to sign with. One that was kept before the service had a key to seal with is taken as it is.
 *
 * @throws SealError where it was sealed and the key is gone or another.
 */
export function openWebhookSecret(sealer: Sealer | null, { id, secret }: Kept): string {
  if (secret.startsWith(webhookSecretPrefix)) return secret;
  return openSealed(sealer, secret, id);
}
