import { ApiKey, CreateKey } from '@agon/contracts';
import { namespaceSlug } from '@agon/hub';
import { unixSeconds } from '@agon/kit';
import type { KeyRecord } from '@agon/store';
import { nowDate } from '../deps.ts';
import { hashKey } from '../http/authenticate.ts';
import { route } from '../http/route.ts';

/** Characters of a key that are kept, so that its owner can tell it from others. */
export const prefixCharacters = 12;

/** A key as administrators read it; the key itself only where it was just made. */
export const keyWire = (key: KeyRecord, secret?: string): ApiKey => ({
  id: key.id,
  object: 'key',
  name: key.name,
  account: key.accountId,
  scopes: key.scopes,
  prefix: key.prefix,
  created_at: unixSeconds(key.createdAt),
  revoked_at: key.revokedAt ? unixSeconds(key.revokedAt) : null,
  ...(secret === undefined ? {} : { secret }),
});

export const createKey = route({
  method: 'post',
  path: '/v1/keys',
  tag: 'Keys',
  operationId: 'createKey',
  summary: 'Make an API key',
  description: 'The answer holds the key itself, this once.',
  auth: 'key',
  scopes: ['admin'],
  request: { body: CreateKey },
  response: ApiKey,
  status: 200,
  errors: ['invalid_request', 'invalid_json'],
  async handle({ deps, body }) {
    const secret = `agon_${Buffer.from(deps.randomBytes(32)).toString('base64url')}`;
    const key: KeyRecord = {
      id: deps.newId('key'),
      accountId: body.account ?? deps.newId('account'),
      name: body.name,
      scopes: [...new Set(body.scopes)],
      hash: hashKey(secret),
      prefix: secret.slice(0, prefixCharacters),
      createdAt: nowDate(deps),
      revokedAt: null,
    };
    await deps.stores.keys.insert(key);
    await deps.stores.namespaces.claim({ accountId: key.accountId, wanted: namespaceSlug(body.name) });
    return keyWire(key, secret);
  },
});
