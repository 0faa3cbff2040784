import { Predict, Receipt } from '@agon/contracts';
import { checkReceipt } from '@agon/domain';
import { receiptSignatureHolds } from '@agon/kit';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { judgeJob } from '../judge/judge-job.ts';
import { crashEverywhere } from '../testing/crash-everywhere.ts';
import { jobId, once, type Racer, raceScenario, type Scenario, stateOf } from '../testing/race-scenario.ts';
import { modelNameOf, publishJob } from './publish-job.ts';

const racers: Racer[] = [
  { status: 'scored', quality: 0.7 },
  { status: 'scored', quality: 0.8 },
  { status: 'failed', set: { failure: { code: 'trainer_failed', class: 'oom', message: 'No memory.' } } },
];
const modelId = 'model_00000001';

async function judged(set: Parameters<typeof raceScenario>[1] = {}): Promise<Scenario> {
  const scenario = await raceScenario(racers, set);
  await judgeJob(scenario, { jobId });
  scenario.queue.added = [];
  return scenario;
}

async function fileOf(scenario: Scenario, path: string): Promise<string> {
  const file = (await scenario.stores.models.find(modelId))?.files.find((one) => one.path === path);
  return scenario.artifacts.text(file?.sha256 ?? '');
}

describe('a published model', () => {
  test('has the miner’s files, the card, the receipt, the schema and an example', async () => {
    const scenario = await judged();
    expect(await publishJob(scenario, { jobId })).toBe('done');
    const model = await scenario.stores.models.find(modelId);
    expect(model?.files.map((file) => file.path)).toEqual([
      'model.onnx',
      'README.md',
      'agon.json',
      'race.svg',
      'schema.json',
      'example.json',
    ]);
    expect(await fileOf(scenario, 'model.onnx')).toBe('model of run_00000002');
    expect(model?.runId).toBe('run_00000002');
    const job = await scenario.stores.jobs.find(jobId);
    expect([job?.status, job?.modelId, job?.result?.model]).toEqual(['succeeded', modelId, modelId]);
    expect(scenario.stores.log(jobId).at(-1)?.type).toBe('job.succeeded');
  });

  test('has rows of the train part as its example, which the API would take', async () => {
    const scenario = await judged();
    await publishJob(scenario, { jobId });
    expect(Predict.parse(JSON.parse(await fileOf(scenario, 'example.json')))).toEqual({
      rows: [
        { x: 1, 'colour of it': 'red' },
        { x: null, 'colour of it': 'bl,ue' },
      ],
    });
  });

  test('is named by the suffix, or by the task where there is none', async () => {
    const job = await (await judged()).stores.jobs.find(jobId);
    expect(job && modelNameOf(job)).toBe('tabular-classification-000001');
    expect(job && modelNameOf({ ...job, spec: { ...job.spec, suffix: 'iris' } })).toBe('iris-000001');
  });
});

describe('the receipt', () => {
  test('is signed, agrees with itself and has every run', async () => {
    const scenario = await judged();
    await publishJob(scenario, { jobId });
    const receipt = Receipt.parse(JSON.parse(await fileOf(scenario, 'agon.json')));
    expect(receiptSignatureHolds(receipt)).toBe(true);
    expect(receipt.signature.public_key).toBe(scenario.signingKey.publicKey);
    expect(checkReceipt(receipt.body)).toEqual([]);
    expect(receipt.body.entries.map((entry) => [entry.run, entry.status])).toEqual([
      ['run_00000002', 'scored'],
      ['run_00000001', 'scored'],
      ['run_00000003', 'failed'],
    ]);
    expect(receipt.body.entries[2]?.error?.class).toBe('oom');
    expect(receipt.body.versions).toEqual({ agon: '0.1.0', onnxruntime: '1.30.0' });
    const job = await scenario.stores.jobs.find(jobId);
    expect(scenario.artifacts.text(job?.receipt?.sha256 ?? '')).toBe(await fileOf(scenario, 'agon.json'));
  });

  test('does not hold for a body that was changed', async () => {
    const scenario = await judged();
    await publishJob(scenario, { jobId });
    const receipt = Receipt.parse(JSON.parse(await fileOf(scenario, 'agon.json')));
    receipt.body.winner.run = 'run_00000001';
    expect(receiptSignatureHolds(receipt)).toBe(false);
    expect(checkReceipt(receipt.body)).not.toEqual([]);
  });

  test('is the same in bytes when it is written at another time', async () => {
    const [early, late] = [await judged(), await judged()];
    late.clock.advance(3_600_000);
    await publishJob(early, { jobId });
    await publishJob(late, { jobId });
    expect(await fileOf(late, 'agon.json')).toBe(await fileOf(early, 'agon.json'));
  });
});

describe('the model card', () => {
  test('has the result in its metadata', async () => {
    const scenario = await judged();
    await publishJob(scenario, { jobId });
    const [, front = ''] = (await fileOf(scenario, 'README.md')).split('---\n');
    const metadata = parse(front);
    const result = (await scenario.stores.jobs.find(jobId))?.result;
    expect(metadata).toMatchObject({ library_name: 'onnx', pipeline_tag: 'tabular-classification', license: 'other' });
    expect(metadata['model-index'][0].results[0].metrics).toEqual([
      {
        type: 'log_loss',
        name: 'log_loss',
        value: result?.report.value,
        args: { ci95: result?.report.ci95, rows: result?.report.rows, baseline: result?.baseline.report },
      },
    ]);
  });

  test('keeps names of strangers from becoming markup', async () => {
    const columns = [
      { name: 'a|b ![x](http://elsewhere) <img src=x>\n# big', input: 'column_0', kind: 'number' as const },
      { name: 'colour of it', input: 'column_1', kind: 'category' as const },
    ];
    const scenario = await judged({ table: { target: '`y`', classes: ['no', 'yes'], columns } });
    const header = '"a|b ![x](http://elsewhere) <img src=x>\n# big",colour of it,`y`\n1,red,no\n';
    const train = await scenario.artifacts.put(once(header));
    const job = await scenario.stores.jobs.find(jobId);
    const parts = job?.parts ? { ...job.parts, train: { ...train, rows: 1 } } : null;
    await scenario.stores.jobs.update({ jobId, while: ['publishing'], set: { parts } });
    await publishJob(scenario, { jobId });
    const card = await fileOf(scenario, 'README.md');
    expect(card).toContain('| a\\|b !\\[x\\](http://elsewhere) &lt;img src=x> # big | column_0 |');
    expect(card).not.toContain('<img');
    expect(card).not.toMatch(/^# big/m);
  });
});

describe('delivered twice', () => {
  test('at once gives one model', async () => {
    const scenario = await judged();
    await Promise.all([publishJob(scenario, { jobId }), publishJob(scenario, { jobId })]);
    expect(scenario.stores.modelRecords.size).toBe(1);
    const events = scenario.stores.log(jobId).filter((event) => event.type === 'job.succeeded');
    expect(events).toHaveLength(1);
  });

  test('again changes nothing', async () => {
    const scenario = await judged();
    await publishJob(scenario, { jobId });
    const before = await stateOf(scenario);
    expect(await publishJob(scenario, { jobId })).toBe('skipped');
    expect(await stateOf(scenario)).toEqual(before);
  });

  test('after a crash at any point ends in the same state', async () => {
    // How far the registry is after a crash is the push's own affair; its tests are beside it.
    const view = ({ events, ...state }: Awaited<ReturnType<typeof stateOf>>) => ({
      ...state,
      events: events.filter(({ key }) => !key.startsWith('push.')),
    });
    const points = await crashEverywhere({ build: judged, deliver: (deps) => publishJob(deps, { jobId }), view });
    expect(points).toBeGreaterThan(10);
  });
});

test('a job that was cancelled meanwhile is not published', async () => {
  const scenario = await judged();
  const event = { type: 'job.cancelled', message: 'Cancelled.' };
  await scenario.stores.jobs.move({ jobId, from: 'publishing', to: 'cancelled', event });
  await publishJob(scenario, { jobId });
  expect((await scenario.stores.jobs.find(jobId))?.status).toBe('cancelled');
  expect(scenario.stores.modelRecords.size).toBe(0);
});
