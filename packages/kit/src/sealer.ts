import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { readOrMakeKeyFile } from './key-file.ts';

const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const cipher = 'aes-256-gcm';

/** Keeps secrets that must be used later: what it seals, only the same key opens. */
export type Sealer = {
  /** @param context what the secret belongs to; it opens under no other. */
  seal(secret: string, context: string): string;
  /** @throws SealError where the key or the context is another, or the text was changed. */
  open(sealed: string, context: string): string;
};

/** A sealed secret does not open. */
export class SealError extends Error {
  override readonly name = 'SealError';
}

export const sealSettings = {
  SEAL_KEY_FILE: z
    .string()
    .optional()
    .describe(
      '32 bytes in base64url that seal clients’ hub tokens and webhook secrets at rest; made where the file is missing',
    ),
} as const;

/** AES-256-GCM with a nonce for each secret. */
export function createSealer(key: Uint8Array): Sealer {
  if (key.length !== keyBytes) throw new SealError(`A key that seals has ${keyBytes} bytes, not ${key.length}.`);
  return {
    seal(secret, context) {
      const nonce = randomBytes(nonceBytes);
      const sealing = createCipheriv(cipher, key, nonce).setAAD(Buffer.from(context));
      const hidden = Buffer.concat([sealing.update(secret, 'utf8'), sealing.final()]);
      return Buffer.concat([nonce, sealing.getAuthTag(), hidden]).toString('base64url');
    },
    open(sealed, context) {
      const bytes = Buffer.from(sealed, 'base64url');
      try {
        const opening = createDecipheriv(cipher, key, bytes.subarray(0, nonceBytes))
          .setAAD(Buffer.from(context))
          .setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
        const hidden = bytes.subarray(nonceBytes + tagBytes);
        return Buffer.concat([opening.update(hidden), opening.final()]).toString('utf8');
      } catch (error) {
        throw new SealError('The sealed secret does not open with this key.', { cause: error });
      }
    },
  };
}

/** As `open`, where the service may have no key any more. @throws SealError then, too. */
export function openSealed(sealer: Sealer | null, sealed: string, context: string): string {
  if (sealer === null) throw new SealError('A secret is sealed, and SEAL_KEY_FILE is not set.');
  return sealer.open(sealed, context);
}

const newKey = (): string => `${randomBytes(keyBytes).toString('base64url')}\n`;

/** The sealer of `SEAL_KEY_FILE`, whose key is made where it is missing; null where none is named. */
export async function sealerOf(settings: { SEAL_KEY_FILE?: string | undefined }): Promise<Sealer | null> {
  if (settings.SEAL_KEY_FILE === undefined) return null;
  return createSealer(Buffer.from((await readOrMakeKeyFile(settings.SEAL_KEY_FILE, newKey)).trim(), 'base64url'));
}
