import { createHash } from 'node:crypto';
import { AppError, type Scope } from '@agon/contracts';
import type { KeyStore } from '@agon/store';
import type { KeyCaller } from './route.ts';

/** How keys are kept: they have 256 random bits, so a slow hash would add nothing. */
export const hashKey = (key: string): string => createHash('sha256').update(key).digest('hex');

const bearer = /^bearer +([\x21-\x7e]{8,256}) *$/i;

/**
 * Finds the holder of an API key.
 *
 * @throws AppError `missing_api_key`, `invalid_api_key`, `missing_scope`.
 */
export async function authenticate(
  keys: Pick<KeyStore, 'findByHash'>,
  authorization: string | undefined,
  scopes: readonly Scope[],
): Promise<KeyCaller> {
  if (authorization === undefined) throw new AppError('missing_api_key', 'The request has no API key.');
  const key = bearer.exec(authorization)?.[1];
  if (key === undefined) throw new AppError('invalid_api_key', 'The authorization header is not `Bearer <key>`.');
  const record = await keys.findByHash(hashKey(key));
  if (!record || record.revokedAt) throw new AppError('invalid_api_key', 'The API key is unknown or was revoked.');
  const lacking = scopes.find((scope) => !record.scopes.includes(scope));
  if (lacking) throw new AppError('missing_scope', `The API key lacks the scope ${lacking}.`);
  return { keyId: record.id, accountId: record.accountId, scopes: record.scopes };
}
