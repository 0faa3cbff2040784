import { Lease, LeaseRequest } from '@agon/contracts';
import { nowDate } from '../deps.ts';
import { route } from '../http/route.ts';
import { lostLease } from '../leases/lost-lease.ts';

export const takeLease = route({
  method: 'post',
  path: '/v1/miner/leases',
  tag: 'Miner protocol',
  operationId: 'takeLease',
  summary: 'Wait for work',
  description:
    'Holds the request until work fits or `wait_seconds` are over. With `job` only a seat of that job is given, whatever memory it needs: for models that are trained already. With `holding`, a lease whose answer was lost is given again.',
  auth: 'miner',
  request: { body: LeaseRequest },
  response: Lease,
  status: 200,
  orEmpty: 'No work fitted in time; ask again.',
  errors: ['invalid_request', 'invalid_json'],
  async handle({ deps, caller: miner, body, gone }) {
    await deps.stores.miners.touch({ minerId: miner.id, now: nowDate(deps), capabilities: body.capabilities });
    const lost = body.holding && (await lostLease(deps, { minerId: miner.id, holding: body.holding }));
    if (lost) return lost;
    return deps.leases.wait({
      miner,
      capabilities: { ...body.capabilities, ...body.free },
      jobId: body.job,
      waitMs: body.wait_seconds * 1000,
      gone,
    });
  },
});
