import { AppError, limits, ModelReference, Push, PushModel } from '@agon/contracts';
import type { PushRecord } from '@agon/store';
import { z } from 'zod';
import { nowDate, type RouteDeps } from '../deps.ts';
import { enqueue } from '../enqueue.ts';
import { route } from '../http/route.ts';
import { findModel } from '../models/model-wire.ts';
import { checkPush } from './check-publish.ts';
import { newPush } from './new-push.ts';
import { pushWire } from './push-wire.ts';

export const publishModel = route({
  method: 'post',
  path: '/v1/models/:model_id/publish',
  tag: 'Models',
  operationId: 'publishModel',
  summary: 'Push a model to a repo on the hub, or push it again',
  description:
    'The hub is the one that the operator of the service named. A hub that is away is tried again for days; read how far it is with GET /v1/models/{id}. What the repo has already is not sent again.',
  auth: 'key',
  scopes: ['jobs:write'],
  request: { params: z.object({ model_id: ModelReference }), body: PushModel },
  response: Push,
  status: 200,
  errors: [
    ...(['model_not_found', 'hub_pushes_off', 'hub_token_missing', 'hub_token_refused', 'tokens_not_kept'] as const),
    ...(['push_under_way', 'too_many_pushes', 'invalid_request', 'invalid_json'] as const),
  ],
  async handle({ deps, caller, params, body }) {
    const model = await findModel(deps.stores, { reference: params.model_id, accountId: caller.accountId });
    await checkPush(deps.pushDesk, body, '');
    const now = nowDate(deps);
    const owner = { modelId: model.id, jobId: model.jobId, accountId: caller.accountId };
    const push = { ...newPush({ ...owner, wish: body, sealer: deps.pushDesk.sealer, now }), nextAttemptAt: now };
    const pushed = await insertOrRestart(deps, push);
    await enqueue(deps, 'job.push', { pushId: pushed.id });
    return pushWire(pushed);
  },
});

/** @throws AppError `too_many_pushes`, `push_under_way` */
async function insertOrRestart(deps: RouteDeps, push: PushRecord): Promise<PushRecord> {
  const { pushes } = deps.stores;
  if (!(await pushes.find(push.id))) {
    if ((await pushes.listByModels([push.modelId])).length >= limits.pushesPerModelMax) {
      throw new AppError('too_many_pushes', `A model is pushed to ${limits.pushesPerModelMax} repos at most.`);
    }
    if (await pushes.insert(push)) return push;
  }
  const set = { private: push.private, token: push.token };
  const restarted = await pushes.restart({ pushId: push.id, set, now: push.askedAt });
  if (restarted) return restarted;
  throw new AppError('push_under_way', `The model is being pushed to ${push.repo} at this moment.`);
}
