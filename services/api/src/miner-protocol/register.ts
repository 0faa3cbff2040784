import { AppError, RegisteredMiner, RegisterMiner } from '@agon/contracts';
import { unixSeconds } from '@agon/kit';
import { nowDate } from '../deps.ts';
import { route } from '../http/route.ts';

export const registerMiner = route({
  method: 'post',
  path: '/v1/miner/register',
  tag: 'Miner protocol',
  operationId: 'registerMiner',
  summary: 'Register a miner, or bring its name and capabilities up to date',
  description: 'Signed by the key that it registers.',
  auth: 'signature',
  request: { body: RegisterMiner },
  response: RegisteredMiner,
  status: 200,
  errors: ['invalid_request', 'invalid_json', 'invalid_signature', 'replayed_request', 'miner_banned'],
  async handle({ deps, caller, body }) {
    if (body.public_key !== caller.publicKey) {
      throw new AppError('invalid_signature', 'The request is signed by another key than the one it registers.');
    }
    const now = nowDate(deps);
    const miner = await deps.stores.miners.register({
      id: deps.newId('miner'),
      publicKey: body.public_key,
      name: body.name,
      capabilities: body.capabilities,
      createdAt: now,
      lastSeenAt: now,
      bannedAt: null,
    });
    if (miner.bannedAt) throw new AppError('miner_banned', 'This miner was banned.');
    return {
      id: miner.id,
      object: 'miner.registration' as const,
      name: miner.name,
      created_at: unixSeconds(miner.createdAt),
    };
  },
});
