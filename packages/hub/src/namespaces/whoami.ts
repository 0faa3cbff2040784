import { AppError } from '@agon/contracts';
import { json } from '../http/exchange.ts';
import type { HubRoute } from '../http/route.ts';
import { namespaceOf } from './namespace-of.ts';

export const whoamiRoute: HubRoute = {
  method: 'GET',
  path: '/api/whoami-v2',
  async handle({ deps, caller }) {
    if (caller === null) throw new AppError('missing_api_key', 'This needs a token: `hf_` and then an API key.');
    const name = await namespaceOf(deps.stores, caller.accountId);
    const role = caller.scopes.includes('jobs:write') ? 'write' : 'read';
    return json({
      ...{ type: 'user', id: caller.accountId, name, fullname: name, email: null, emailVerified: false },
      ...{ canPay: false, isPro: false, periodEnd: null, avatarUrl: '', orgs: [] },
      auth: { type: 'access_token', accessToken: { displayName: name, role } },
    });
  },
};
