import { createBaseModels, type Hub } from '@agon/base-models';
import type { AppDeps } from '../deps.ts';
import { onlineMs } from '../miners/online.ts';
import type { ResolveBaseModel } from './resolve-type.ts';

/** Resolves base models in the store and, where there is one, on the hub; `auto` looks at the miners that are online. */
export function baseModelResolver(
  deps: Pick<AppDeps, 'stores' | 'artifacts' | 'clock' | 'log'>,
  hub: Hub | null,
): ResolveBaseModel {
  const baseModels = createBaseModels({ ...deps, hub });
  return async (question) => {
    const miners = question.name === 'auto' ? await onlineMiners(deps) : [];
    return baseModels.resolve({ ...question, miners });
  };
}

async function onlineMiners({ stores, clock }: Pick<AppDeps, 'stores' | 'clock'>) {
  const miners = await stores.miners.listSeenSince(new Date(clock.nowMs() - onlineMs));
  return miners.filter((miner) => miner.bannedAt === null).map((miner) => miner.capabilities);
}
