import { jobCatalog } from '@agon/contracts';
import { readPart, readTextPart } from '@agon/dataset';
import type { JobRecord } from '@agon/store';
import { aBaseModel, aJob, aJobSpec } from '@agon/testing';
import { describe, expect, test } from 'vitest';
import { crashEverywhere } from '../testing/crash-everywhere.ts';
import { emptyScenario, jobId, once, type Scenario, stateOf } from '../testing/race-scenario.ts';
import { prepareJob } from './prepare-job.ts';

const rows = 200;

/** What a client posts for a task without a target. */
function withoutTarget(overrides: Partial<JobRecord['spec']>): JobRecord['spec'] {
  const { target: _, ...spec } = aJobSpec(overrides);
  return spec;
}
const goodCsv = (): string => {
  const lines = Array.from(
    { length: rows },
    (_, row) => `${row},${['red', 'green', 'blue'][row % 3]},${row % 2 ? 'yes' : 'no'}`,
  );
  return `x,colour,y\n${lines.join('\n')}\n`;
};

async function preparing(csv = goodCsv(), set: Partial<JobRecord> = {}): Promise<Scenario> {
  const scenario = emptyScenario();
  const source = { ...(await scenario.artifacts.put(once(csv))), filename: 'rows.csv' };
  const job = aJob({ id: jobId, source, ...set });
  await scenario.stores.jobs.insert(job, { type: 'job.created', message: 'Created.', key: 'job.created' });
  return scenario;
}

/** The attempts that were begun say how often the process died; all else must be the same. */
const view = ({ events, ...state }: Awaited<ReturnType<typeof stateOf>>) => ({
  ...state,
  events: events.filter((event) => !event.key.startsWith('job.preparing')),
});

describe('a good dataset', () => {
  test('is split, written as parts and handed to the baseline', async () => {
    const scenario = await preparing();
    expect(await prepareJob(scenario, { jobId })).toBe('done');
    const job = await scenario.stores.jobs.find(jobId);
    expect(job?.status).toBe('preparing');
    expect(job?.dataset?.parts).toEqual({ train: 120, selection: 40, report: 40 });
    expect(job?.splitCommitment).toMatch(/^[0-9a-f]{64}$/);
    if (!job?.parts || !job.table) throw new Error('There are no parts.');
    const report = await readPart(scenario.artifacts.read(job.parts.report.sha256), job.table);
    expect(report.rows).toBe(job.parts.report.rows);
    expect(scenario.queue.ofQueue('job.baseline')).toMatchObject([{ payload: { jobId } }]);
  });

  test('gives the job the task and metric that were found in it', async () => {
    const spec = aJobSpec({ objective: { goal: 0.1 } });
    const scenario = await preparing(goodCsv().replaceAll('yes', '1.5').replaceAll(/no$/gm, '2.25'), {
      spec: { ...spec, target: 'x' },
    });
    await prepareJob(scenario, { jobId });
    const job = await scenario.stores.jobs.find(jobId);
    expect(job?.task).toBe('tabular-regression');
    expect(job?.taskInferred).not.toBeNull();
    expect(job?.objective).toEqual({ metric: 'rmse', direction: 'minimize', goal: 0.1 });
  });
});

describe('conversations', () => {
  const chatLines = Array.from({ length: rows }, (_, row) =>
    JSON.stringify({ prompt: `What is ${row}?`, completion: `The number ${row}.` }),
  ).join('\n');
  const base = aBaseModel();
  const set: Partial<JobRecord> = {
    task: 'chat',
    spec: withoutTarget({ base_model: base.name }),
    baseModel: { id: base.id, name: base.name, revision: base.revision, why: null },
    text: { max_tokens: 512, lora_rank_max: 64 },
  };

  test('are split into JSON Lines, with what their base model needs', async () => {
    const scenario = await preparing(chatLines, set);
    scenario.stores.baseModelRecords.set(base.id, base);
    expect(await prepareJob(scenario, { jobId })).toBe('done');
    const job = await scenario.stores.jobs.find(jobId);
    expect(job).toMatchObject({
      task: 'chat',
      objective: { metric: 'loss', direction: 'minimize' },
      table: null,
      dataset: { parts: { train: 120, selection: 40, report: 40 } },
      needs: { vramMib: 0, cpus: 1 },
    });
    expect(job?.needs.memoryMib).toBeGreaterThan(1_024);
    const report = await readTextPart(scenario.artifacts.read(job?.parts?.report.sha256 ?? ''), 'chat');
    expect(report).toHaveLength(40);
    expect(scenario.queue.ofQueue('job.baseline')).toHaveLength(1);
  });

  test('whose base model is gone end the job', async () => {
    const scenario = await preparing(chatLines, set);
    expect(await prepareJob(scenario, { jobId })).toBe('done');
    expect((await scenario.stores.jobs.find(jobId))?.failure?.code).toBe('base_model_not_found');
  });

  test('that have a fault end the job with the row', async () => {
    const scenario = await preparing(`${chatLines}\n{"prompt":"x","completion":""}\n`, set);
    scenario.stores.baseModelRecords.set(base.id, base);
    await prepareJob(scenario, { jobId });
    const failure = (await scenario.stores.jobs.find(jobId))?.failure;
    expect(failure?.code).toBe('dataset_invalid');
    expect(failure?.problems).toMatchObject([{ row: 201, code: 'empty_completion' }]);
  });
});

describe('bad data', () => {
  test('ends the job with the code, the sentence and the problems', async () => {
    const scenario = await preparing(`${goodCsv()}1,red,yes,4\n`);
    expect(await prepareJob(scenario, { jobId })).toBe('done');
    const job = await scenario.stores.jobs.find(jobId);
    expect(job?.status).toBe('failed');
    expect(job?.failure?.code).toBe('dataset_invalid');
    expect(job?.failure?.problems).toMatchObject([{ row: 201 }]);
    expect(scenario.queue.added.map((work) => work.name)).toEqual(['webhook.plan']);
  });

  test('without the target names the columns', async () => {
    const scenario = await preparing(goodCsv(), { spec: aJobSpec({ target: 'z' }) });
    await prepareJob(scenario, { jobId });
    const failure = (await scenario.stores.jobs.find(jobId))?.failure;
    expect(failure?.code).toBe('target_missing');
    expect(failure?.message).toContain('colour');
  });
});

describe('a fault of the service', () => {
  const broken = (scenario: Scenario): Scenario => ({
    ...scenario,
    artifacts: { ...scenario.artifacts, put: () => Promise.reject(new Error('The disk is gone.')) },
  });

  test('is tried again, and ends the job after the last attempt', async () => {
    const scenario = await preparing();
    const { attempts } = jobCatalog['job.prepare'];
    for (let attempt = 1; attempt < attempts; attempt += 1) {
      await expect(prepareJob(broken(scenario), { jobId })).rejects.toThrow('The disk is gone.');
    }
    expect((await scenario.stores.jobs.find(jobId))?.status).toBe('preparing');
    expect(await prepareJob(broken(scenario), { jobId })).toBe('done');
    const job = await scenario.stores.jobs.find(jobId);
    expect([job?.status, job?.failure?.code]).toEqual(['failed', 'preparation_failed']);
  });

  test('that passes leaves a prepared job', async () => {
    const scenario = await preparing();
    await expect(prepareJob(broken(scenario), { jobId })).rejects.toThrow();
    expect(await prepareJob(scenario, { jobId })).toBe('done');
    expect((await scenario.stores.jobs.find(jobId))?.parts).not.toBeNull();
  });

  test('that is the queue’s does not fail a job that is split', async () => {
    const scenario = await preparing();
    scenario.queue.away = true;
    for (let attempt = 0; attempt < 7; attempt += 1) {
      await expect(prepareJob(scenario, { jobId })).rejects.toThrow('out of reach');
    }
    scenario.queue.away = false;
    await prepareJob(scenario, { jobId });
    expect((await scenario.stores.jobs.find(jobId))?.status).toBe('preparing');
    expect(scenario.queue.ofQueue('job.baseline')).toHaveLength(1);
  });

  test('that kills the process each time is counted too', async () => {
    const scenario = await preparing();
    const dying = { ...scenario, artifacts: { ...scenario.artifacts, put: () => new Promise<never>(() => undefined) } };
    for (let attempt = 0; attempt < jobCatalog['job.prepare'].attempts; attempt += 1) {
      void prepareJob(dying, { jobId });
      await expect.poll(() => scenario.stores.log(jobId).length).toBe(attempt + 2);
    }
    await prepareJob(scenario, { jobId });
    expect((await scenario.stores.jobs.find(jobId))?.failure?.code).toBe('preparation_failed');
  });
});

test('a job that is cancelled while its file is read is left alone', async () => {
  const scenario = await preparing();
  let pieces = 0;
  async function* read(sha256: string): AsyncGenerator<Uint8Array> {
    for await (const piece of scenario.artifacts.read(sha256)) {
      pieces += 1;
      scenario.clock.advance(2_000);
      if (pieces === 2) {
        const event = { type: 'job.cancelled', message: 'Cancelled.' };
        await scenario.stores.jobs.move({ jobId, from: 'preparing', to: 'cancelled', event });
      }
      yield piece;
    }
  }
  const reading = { ...scenario, artifacts: { ...scenario.artifacts, read } };
  expect(await prepareJob(reading, { jobId })).toBe('skipped');
  expect(pieces).toBe(2);
  const job = await scenario.stores.jobs.find(jobId);
  expect([job?.status, job?.parts]).toEqual(['cancelled', null]);
  expect(scenario.queue.added).toEqual([]);
});

describe('delivered twice', () => {
  test('at once gives one result', async () => {
    const [once, twice] = [await preparing(), await preparing()];
    await prepareJob(once, { jobId });
    await Promise.all([prepareJob(twice, { jobId }), prepareJob(twice, { jobId })]);
    expect(view(await stateOf(twice))).toEqual(view(await stateOf(once)));
    expect(twice.stores.log(jobId).filter((event) => event.type === 'job.prepared')).toHaveLength(1);
  });

  test('after a crash at any point ends in the same state', async () => {
    const deliver = (deps: Parameters<typeof prepareJob>[0]) => prepareJob(deps, { jobId });
    expect(await crashEverywhere({ build: () => preparing(), deliver, view })).toBeGreaterThan(8);
  });
});
