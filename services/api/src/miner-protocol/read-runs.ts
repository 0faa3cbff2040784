import { MinerRun, PageQuery, pageOf } from '@agon/contracts';
import type { RunRecord, Stores } from '@agon/store';
import { route } from '../http/route.ts';
import { minerRunWire } from '../jobs/run-wire.ts';
import { pageFrom } from '../page.ts';
import { findRun, RunParams } from './held-run.ts';

/** A run as its miner reads it: with its reason, without a score before the job is judged. */
export async function readMinerRun(stores: Pick<Stores, 'jobs' | 'evaluations'>, run: RunRecord): Promise<MinerRun> {
  const [job, evaluation] = await Promise.all([stores.jobs.find(run.jobId), stores.evaluations.find(run.id)]);
  return minerRunWire(run, job, evaluation);
}

export const listMinerRuns = route({
  method: 'get',
  path: '/v1/miner/runs',
  tag: 'Miner protocol',
  operationId: 'listMinerRuns',
  summary: "List the miner's own runs, newest first",
  auth: 'miner',
  request: { query: PageQuery },
  response: pageOf(MinerRun),
  status: 200,
  errors: ['invalid_request'],
  async handle({ deps, caller: miner, query: { limit, after } }) {
    const runs = await deps.stores.runs.listByMiner({ minerId: miner.id, limit: limit + 1, after });
    return pageFrom(await Promise.all(runs.map((run) => readMinerRun(deps.stores, run))), limit);
  },
});

export const getMinerRun = route({
  method: 'get',
  path: '/v1/miner/runs/:run_id',
  tag: 'Miner protocol',
  operationId: 'getMinerRun',
  summary: "Read one of the miner's own runs",
  auth: 'miner',
  request: { params: RunParams },
  response: MinerRun,
  status: 200,
  errors: ['run_not_found'],
  async handle({ deps, caller: miner, params }) {
    return readMinerRun(deps.stores, await findRun(deps.stores, { runId: params.run_id, minerId: miner.id }));
  },
});
