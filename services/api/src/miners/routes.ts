import { AppError, Miner, MinerId, PageQuery, pageOf, type RunStatus } from '@agon/contracts';
import { unixSeconds } from '@agon/kit';
import type { MinerRecord, Stores } from '@agon/store';
import { z } from 'zod';
import { route } from '../http/route.ts';
import { pageFrom } from '../page.ts';
import { onlineMs } from './online.ts';

/** The public records of miners, with what became of their runs. */
async function readMiners(
  stores: Pick<Stores, 'runs' | 'models'>,
  miners: readonly MinerRecord[],
  nowMs: number,
): Promise<Miner[]> {
  const ids = miners.map((miner) => miner.id);
  const [runs, wins] = await Promise.all([stores.runs.countByMiner(ids), stores.models.countWins(ids)]);
  return miners.map((miner) => minerWire(miner, { runs: runs.get(miner.id), won: wins.get(miner.id) ?? 0, nowMs }));
}

type Facts = {
  readonly runs: ReadonlyMap<RunStatus, number> | undefined;
  readonly won: number;
  readonly nowMs: number;
};

function minerWire(miner: MinerRecord, { runs, won, nowMs }: Facts): Miner {
  const count = (status: RunStatus): number => runs?.get(status) ?? 0;
  const total = [...(runs?.values() ?? [])].reduce((sum, each) => sum + each, 0);
  return {
    id: miner.id,
    object: 'miner',
    name: miner.name,
    public_key: miner.publicKey,
    created_at: unixSeconds(miner.createdAt),
    last_seen_at: unixSeconds(miner.lastSeenAt),
    online: !miner.bannedAt && nowMs - miner.lastSeenAt.getTime() <= onlineMs,
    tasks: miner.capabilities.tasks,
    templates: miner.capabilities.templates,
    gpus: miner.capabilities.gpus.map(({ name, vram_mib }) => ({ name, vram_mib })),
    runner: miner.capabilities.runner ?? null,
    self_test: miner.capabilities.self_test ?? null,
    runs: {
      total,
      scored: count('scored'),
      rejected: count('rejected'),
      failed: count('failed'),
      expired: count('expired'),
      won,
    },
  };
}

const listMiners = route({
  method: 'get',
  path: '/v1/miners',
  tag: 'Miners',
  operationId: 'listMiners',
  summary: 'List miners, newest first',
  auth: 'none',
  request: { query: PageQuery },
  response: pageOf(Miner),
  status: 200,
  errors: ['invalid_request'],
  async handle({ deps, query: { limit, after } }) {
    const miners = await deps.stores.miners.list({ after, limit: limit + 1 });
    return pageFrom(await readMiners(deps.stores, miners, deps.clock.nowMs()), limit);
  },
});

const getMiner = route({
  method: 'get',
  path: '/v1/miners/:miner_id',
  tag: 'Miners',
  operationId: 'getMiner',
  summary: 'Read the public record of a miner',
  auth: 'none',
  request: { params: z.object({ miner_id: MinerId }) },
  response: Miner,
  status: 200,
  errors: ['miner_not_found'],
  async handle({ deps, params }) {
    const miner = await deps.stores.miners.find(params.miner_id);
    const [wire] = miner ? await readMiners(deps.stores, [miner], deps.clock.nowMs()) : [];
    if (!wire) throw new AppError('miner_not_found', `There is no miner ${params.miner_id}.`);
    return wire;
  },
});

export const minerRoutes = [listMiners, getMiner];
