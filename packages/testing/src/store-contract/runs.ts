import type { RunRecord } from '@agon/store';
import { expect, it } from 'vitest';
import { aBlob, aJob, anEvent, aRun, builtAt } from '../builders.ts';
import type { GetContext, StoreContext } from './context.ts';

async function insertRun({ stores, newId }: StoreContext, overrides: Partial<RunRecord> = {}): Promise<RunRecord> {
  const run = aRun({ id: newId('run'), jobId: newId('job'), minerId: newId('miner'), ...overrides });
  await stores.jobs.insert(aJob({ id: run.jobId }), anEvent({ type: 'job.created' })).catch(() => undefined);
  await stores.runs.insert(run, anEvent({ type: 'run.leased' }));
  return run;
}

const changed = anEvent({ type: 'run.changed' });
const eventTypes = async ({ stores }: StoreContext, jobId: string) =>
  (await stores.events.list({ jobId, afterSequence: 0, limit: 100 })).map((event) => event.type);

export function runContract(context: GetContext): void {
  it('gives back a run exactly as it was inserted', async () => {
    const { stores } = context();
    const run = await insertRun(context(), {
      progress: { step: 1, metrics: { 'val.loss': 0.5, $x: 1 }, message: '' },
      curve: [
        [0, 1],
        [1.5, 0.25],
      ],
      logTail: 'a line\n\0',
      submission: {
        id: 'sub_00000001',
        format: 'onnx',
        committedAt: builtAt,
        files: [{ path: 'model.onnx', ...aBlob(3), uploadId: 'upl_00000001' }],
      },
      failure: { code: 'oom', class: 'oom', message: 'no memory' },
    });
    expect(await stores.runs.find(run.id)).toEqual(run);
    expect(await stores.runs.find('run_unknown0')).toBeUndefined();
  });

  it('inserts a run once, with one event', async () => {
    const { stores } = context();
    const run = await insertRun(context());
    await stores.runs.insert({ ...run, minerName: 'another' }, anEvent({ type: 'run.leased' }));
    expect(await stores.runs.find(run.id)).toEqual(run);
    expect(await eventTypes(context(), run.jobId)).toEqual(['job.created', 'run.leased']);
  });

  it('moves by compare-and-set on state and fence, with the event in the log of the job', async () => {
    const { stores } = context();
    const run = await insertRun(context(), { fence: 3 });
    const move = { runId: run.id, from: ['leased', 'training'], to: 'uploaded', event: changed } as const;
    expect(await stores.runs.move({ ...move, fence: 2 })).toBeUndefined();
    const moved = await stores.runs.move({ ...move, fence: 3, set: { logTail: 'end' } });
    expect(moved).toEqual({ ...run, status: 'uploaded', logTail: 'end' });
    expect(await stores.runs.move(move)).toBeUndefined();
    expect(await eventTypes(context(), run.jobId)).toEqual(['job.created', 'run.leased', 'run.changed']);
  });

  it('lets one of many concurrent moves win', async () => {
    const { stores } = context();
    const run = await insertRun(context());
    const endings = ['failed', 'expired', 'cancelled', 'uploaded'] as const;
    const moves = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        stores.runs.move({ runId: run.id, from: 'leased', to: endings[index % 4]!, event: changed }),
      ),
    );
    const winners = moves.filter((moved) => moved !== undefined);
    expect(winners).toHaveLength(1);
    expect(await stores.runs.find(run.id)).toEqual(winners[0]);
    expect(await eventTypes(context(), run.jobId)).toEqual(['job.created', 'run.leased', 'run.changed']);
  });

  it('refuses a move that the table does not have', async () => {
    const { stores } = context();
    const move = { runId: 'run_00000001', from: 'scored', to: 'training', event: changed } as const;
    await expect(stores.runs.move(move)).rejects.toThrow(RangeError);
  });

  it('notes when a run ended', async () => {
    const { stores, clock } = context();
    const run = await insertRun(context());
    const moved = await stores.runs.move({ runId: run.id, from: 'leased', to: 'failed', event: changed });
    expect(moved?.finishedAt).toEqual(clock.date());
  });

  it('updates while state and fence hold', async () => {
    const { stores } = context();
    const run = await insertRun(context(), { progress: { step: 1, metrics: { a: 1 } } });
    const change = { runId: run.id, set: { progress: { step: 2 }, lastHeartbeatAt: new Date(5) } };
    expect(await stores.runs.update({ ...change, while: ['training'] })).toBeUndefined();
    expect(await stores.runs.update({ ...change, while: ['leased'], fence: 9 })).toBeUndefined();
    expect(await stores.runs.update({ ...change, while: ['leased'], fence: 1 })).toEqual({ ...run, ...change.set });
    expect(await stores.runs.update({ runId: run.id, while: ['leased'], set: {} })).toMatchObject({ id: run.id });
  });

  it('lists the runs of a job oldest first, and of a miner newest first by pages', async () => {
    const { stores, newId } = context();
    const [jobId, minerId] = [newId('job'), newId('miner')];
    const runs: RunRecord[] = [];
    for (let index = 0; index < 3; index += 1) {
      runs.push(await insertRun(context(), { jobId, minerId, createdAt: new Date(builtAt.getTime() + index) }));
    }
    expect(await stores.runs.listByJob(jobId)).toEqual(runs);
    expect(await stores.runs.listByMiner({ minerId, limit: 2 })).toEqual([runs[2], runs[1]]);
    expect(await stores.runs.listByMiner({ minerId, limit: 2, after: runs[1]!.id })).toEqual([runs[0]]);
  });

  it('lists by state, oldest first', async () => {
    const { stores } = context();
    const createdAt = (ms: number) => ({ createdAt: new Date(ms), status: 'scoring' as const });
    const [late, early] = [await insertRun(context(), createdAt(2)), await insertRun(context(), createdAt(1))];
    const ids = (await stores.runs.listByStatus({ statuses: ['scoring'], limit: 2 })).map((run) => run.id);
    expect(ids).toEqual([early.id, late.id]);
  });

  it('counts by job and by miner', async () => {
    const { stores, newId } = context();
    const [minerId, other] = [newId('miner'), newId('miner')];
    const { jobId } = await insertRun(context(), { minerId, status: 'failed' });
    await insertRun(context(), { minerId, jobId, status: 'scored' });
    await insertRun(context(), { minerId: other, jobId, status: 'scored' });
    const elsewhere = await insertRun(context(), { minerId, status: 'scored' });
    const counts = await stores.runs.countByJob({ minerId, jobIds: [jobId, newId('job')] });
    expect([...counts]).toEqual([[jobId, 2]]);
    const byMiner = await stores.runs.countByMiner([minerId, other]);
    expect(byMiner.get(minerId)).toEqual(
      new Map([
        ['failed', 1],
        ['scored', 2],
      ] as const),
    );
    expect(byMiner.get(other)).toEqual(new Map([['scored', 1]] as const));
    expect((await stores.runs.countByMiner([])).size).toBe(0);
    expect(elsewhere.jobId).not.toBe(jobId);
  });

  it('forgets the runs of a deleted job', async () => {
    const { stores } = context();
    const run = await insertRun(context());
    await stores.runs.deleteByJob(run.jobId);
    expect(await stores.runs.listByJob(run.jobId)).toEqual([]);
  });
}
