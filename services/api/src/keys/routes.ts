import { ApiKey, AppError, KeyId, PageQuery, pageOf } from '@agon/contracts';
import { z } from 'zod';
import { nowDate } from '../deps.ts';
import { route } from '../http/route.ts';
import { pageFrom } from '../page.ts';
import { createKey, keyWire } from './create-key.ts';

const listKeys = route({
  method: 'get',
  path: '/v1/keys',
  tag: 'Keys',
  operationId: 'listKeys',
  summary: 'List API keys, newest first',
  auth: 'key',
  scopes: ['admin'],
  request: { query: PageQuery },
  response: pageOf(ApiKey),
  status: 200,
  errors: ['invalid_request'],
  async handle({ deps, query: { limit, after } }) {
    const keys = await deps.stores.keys.list({ after, limit: limit + 1 });
    return pageFrom(
      keys.map((key) => keyWire(key)),
      limit,
    );
  },
});

const revokeKey = route({
  method: 'delete',
  path: '/v1/keys/:key_id',
  tag: 'Keys',
  operationId: 'revokeKey',
  summary: 'Revoke an API key',
  auth: 'key',
  scopes: ['admin'],
  request: { params: z.object({ key_id: KeyId }) },
  response: ApiKey,
  status: 200,
  errors: ['key_not_found'],
  async handle({ deps, params }) {
    const revoked = await deps.stores.keys.revoke({ keyId: params.key_id, now: nowDate(deps) });
    const key = revoked ?? (await deps.stores.keys.find(params.key_id));
    if (!key) throw new AppError('key_not_found', `There is no key ${params.key_id}.`);
    return keyWire(key);
  },
});

export const keyRoutes = [createKey, listKeys, revokeKey];
