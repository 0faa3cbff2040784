import { randomBytes } from 'node:crypto';
import { ApiError } from '@agon/client';
import type { Job } from '@agon/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { floats, hungryRegressor, modelOf, slowRegressor } from '../../packages/onnx/src/testing/index.ts';
import { logisticCsv } from './harness/dataset.ts';
import { logisticModel } from './harness/models.ts';
import { startService, submitCsv, type TestService, untilEnd } from './harness/service.ts';
import { newTestMiner, sha256Of, type TestMiner } from './harness/test-miner.ts';

let service: TestService;
let count = 0;

beforeAll(async () => {
  service = await startService({ SCORING_SECONDS: '8' });
});
afterAll(() => service?.stop());

/** A job with one seat for the liar and one for an honest miner, which must win whatever the liar does. */
async function newRace(): Promise<{ job: Job; liar: TestMiner; honest: TestMiner }> {
  count += 1;
  const job = await submitCsv(service.client, logisticCsv(600, count), { minutes: 5, seats: 2 });
  const liar = await newTestMiner(service.stack.url, `liar-${count}`);
  const honest = await newTestMiner(service.stack.url, `honest-${count}`);
  return { job, liar, honest };
}

async function honestWins(race: { job: Job; honest: TestMiner }): Promise<void> {
  const lease = await race.honest.lease();
  await race.honest.submit(lease, logisticModel(8));
  await race.honest.ended(lease.run);
  await service.client.jobs.cancel(race.job.id).catch(() => undefined);
  const { job } = await untilEnd(service.client, race.job.id);
  const scored = (await service.client.jobs.leaderboard(job.id)).data.filter((entry) => entry.status === 'scored');
  expect(scored.map((entry) => entry.miner.name)).toEqual([race.honest.name]);
}

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'accepted',
    (error: unknown) => (error instanceof ApiError ? error.code : String(error)),
  );

const classifier = (graph: Partial<Parameters<typeof modelOf>[0]>): Uint8Array =>
  modelOf({
    inputs: [{ name: 'x', type: 'float32', shape: ['N', 1] }],
    outputs: [{ name: 'probabilities', type: 'float32', shape: ['N', 2] }],
    nodes: [],
    ...graph,
  });

const rejections: readonly (readonly [string, () => Uint8Array, readonly string[]])[] = [
  ['garbage instead of a graph', () => randomBytes(4_000), ['model_unreadable']],
  ['half of a graph', () => logisticModel(8).slice(0, 60), ['model_unreadable', 'inference_failed', 'outputs_wrong']],
  [
    'an input that is no column',
    () =>
      classifier({
        inputs: [{ name: 'secret', type: 'float32', shape: ['N', 1] }],
        nodes: [
          {
            type: 'Concat',
            inputs: ['secret', 'secret'],
            outputs: ['probabilities'],
            attributes: { axis: { int: 1 } },
          },
        ],
      }),
    ['inputs_wrong'],
  ],
  [
    'NaN for probabilities',
    () =>
      classifier({
        initializers: [floats('zero', [1, 2], [0, 0])],
        nodes: [
          { type: 'MatMul', inputs: ['x', 'zero'], outputs: ['zeros'] },
          { type: 'Div', inputs: ['zeros', 'zeros'], outputs: ['probabilities'] },
        ],
      }),
    ['output_not_finite'],
  ],
  [
    'probabilities that do not sum to one',
    () =>
      classifier({
        initializers: [floats('w', [1, 2], [0, 0]), floats('b', [2], [0.9, 0.9])],
        nodes: [{ type: 'Gemm', inputs: ['x', 'w', 'b'], outputs: ['probabilities'] }],
      }),
    ['output_not_finite', 'outputs_wrong'],
  ],
  [
    'another output',
    () =>
      classifier({
        outputs: [{ name: 'p', type: 'float32', shape: ['N', 1] }],
        nodes: [{ type: 'Identity', inputs: ['x'], outputs: ['p'] }],
      }),
    ['outputs_wrong'],
  ],
  [
    'an operator of its own domain',
    () => classifier({ nodes: [{ type: 'Steal', domain: 'evil', inputs: ['x'], outputs: ['probabilities'] }] }),
    ['operator_not_allowed'],
  ],
];

test.each(rejections)('%s is rejected by name, and the race goes on', async (_name, model, codes) => {
  const race = await newRace();
  const lease = await race.liar.lease();
  await race.liar.submit(lease, model());
  const run = await race.liar.ended(lease.run);
  expect([run.status, codes.includes(run.error?.code ?? '') || run.error]).toEqual(['rejected', true]);
  expect(run.error?.message).toMatch(/\w{3,}/);
  await honestWins(race);
});

test('a model that computes for minutes is cut off, and so is one that eats memory', async () => {
  const regression = Array.from({ length: 400 }, (_, row) => `${row % 37},${(row * 7.3) % 101}`).join('\n');
  const file = await service.client.files.create(new Blob([`x,answer\n${regression}\n`]), 'numbers.csv');
  const job = await service.client.jobs.create({
    training_file: file.id,
    target: 'answer',
    budget: { minutes: 10, seats: 2 },
  });
  const slow = await newTestMiner(service.stack.url, 'slow');
  const hungry = await newTestMiner(service.stack.url, 'hungry');
  const [slowLease, hungryLease] = [await slow.lease(), await hungry.lease()];
  await hungry.submit(hungryLease, hungryRegressor({ input: 'x', mib: 6_000 }));
  expect((await hungry.ended(hungryLease.run)).error?.code).toMatch(/inference_out_of_memory|inference_failed/);
  await slow.submit(slowLease, slowRegressor({ input: 'x', size: 3_000, steps: 4_000 }));
  expect((await slow.ended(slowLease.run)).error?.code).toBe('inference_too_slow');
  await service.client.jobs.cancel(job.id);
});

test('a stale fence, a stranger’s run and a reused commit of other bytes are refused', async () => {
  const race = await newRace();
  const lease = await race.liar.lease();
  const stale = { ...lease, fence: lease.fence - 1 };
  expect(await codeOf(race.liar.submit(stale, logisticModel(8)))).toBe('lease_lost');
  expect(await codeOf(race.liar.client.heartbeat(lease.run, { fence: lease.fence + 1 }))).toBe('lease_lost');
  expect(await codeOf(race.honest.client.heartbeat(lease.run, { fence: lease.fence }))).toBe('run_not_found');
  expect(await codeOf(race.honest.client.finish(lease.run, lease.fence))).toBe('run_not_found');
  await race.liar.client.fail(lease.run, { fence: lease.fence, class: 'user_code', message: 'gave up', log_tail: '' });
  await honestWins(race);
});

test('bytes that differ from the commit are discarded, and a missing file cannot be finished', async () => {
  const race = await newRace();
  const { client, lease: take } = race.liar;
  const lease = await take();
  const model = logisticModel(4);
  const files = [{ path: 'model.onnx', bytes: model.length, sha256: sha256Of(model) }];
  const commit = { fence: lease.fence, format: 'onnx' as const, files };
  const [upload] = (await client.commit(lease.run, commit)).uploads;
  expect(await codeOf(client.finish(lease.run, lease.fence))).toBe('submission_incomplete');
  const lie = new Uint8Array(randomBytes(model.length));
  expect(await codeOf(client.uploadChunk(upload?.url ?? '', { offset: 0, bytes: lie }))).toBe('upload_hash_mismatch');
  expect(await codeOf(client.uploadChunk(upload?.url ?? '', { offset: 99, bytes: lie }))).toBe(
    'upload_offset_mismatch',
  );
  expect(
    await codeOf(client.uploadChunk(upload?.url ?? '', { offset: 0, bytes: new Uint8Array(model.length + 1) })),
  ).not.toBe('accepted');
  expect(await client.uploadChunk(upload?.url ?? '', { offset: 0, bytes: new Uint8Array(model) })).toBe(model.length);
  await client.finish(lease.run, lease.fence);
  expect((await race.liar.ended(lease.run)).status).toBe('scored');
  await service.client.jobs.cancel(race.job.id).catch(() => undefined);
});

test.each(['../model.onnx', '/etc/passwd', 'a/../../b', '.hidden', 'a\\b', 'x'.repeat(300)])(
  'the path %j in a submission is refused',
  async (path) => {
    const race = await newRace();
    const lease = await race.liar.lease();
    const files = [{ path, bytes: 4, sha256: '0'.repeat(64) }];
    expect(await codeOf(race.liar.client.commit(lease.run, { fence: lease.fence, format: 'onnx', files }))).toBe(
      'invalid_request',
    );
    await service.client.jobs.cancel(race.job.id);
  },
);

test('an extra file beside the model is rejected by name', async () => {
  const race = await newRace();
  const lease = await race.liar.lease();
  const model = logisticModel(8);
  const files = ['model.onnx', 'extra.bin'].map((path) => ({ path, bytes: model.length, sha256: sha256Of(model) }));
  const committed = await race.liar.client.commit(lease.run, { fence: lease.fence, format: 'onnx', files });
  for (const upload of committed.uploads)
    await race.liar.client.uploadChunk(upload.url, { offset: 0, bytes: new Uint8Array(model) });
  await race.liar.client.finish(lease.run, lease.fence);
  expect(await race.liar.ended(lease.run)).toMatchObject({ status: 'rejected' });
  await honestWins(race);
});

test('a copy of a rival’s model is told apart from the first commit', async () => {
  const race = await newRace();
  const [first, second] = [await race.honest.lease(), await race.liar.lease()];
  await race.honest.submit(first, logisticModel(8));
  await race.honest.ended(first.run);
  await race.liar.submit(second, logisticModel(8));
  await untilEnd(service.client, race.job.id);
  const board = await service.client.jobs.leaderboard(race.job.id);
  expect(board.data.find((entry) => entry.won)?.miner.name).toBe(race.honest.name);
  expect(board.data.find((entry) => entry.run === second.run)?.copy_of).toBe(first.run);
});

test('what a lease tells holds no hidden row, no client and no rival', async () => {
  const race = await newRace();
  const lease = await race.liar.lease();
  const csv = await (await race.liar.client.data(lease.data[0]?.url ?? '')).text();
  expect(csv.trim().split('\n')).toHaveLength((lease.data[0]?.rows ?? 0) + 1);
  const job = await service.client.jobs.retrieve(race.job.id);
  expect(lease.data[0]?.rows).toBe(job.dataset?.parts.train);
  const said = JSON.stringify(lease);
  for (const secret of [race.honest.name, 'acct_', 'selection', 'report', 'secret']) expect(said).not.toContain(secret);
  await service.client.jobs.cancel(race.job.id);
});
