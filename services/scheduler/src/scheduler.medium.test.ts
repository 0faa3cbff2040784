import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBaseModels } from '@agon/base-models';
import { type BlobRef, limits, Receipt } from '@agon/contracts';
import { readPart, recomputeCommitment, sourceOfBytes } from '@agon/dataset';
import { checkReceipt, encodeOutcome, outcomeOfClasses, runSeed, scoreWithInterval } from '@agon/domain';
import { buildHub, namespaceOf } from '@agon/hub';
import {
  idMaker,
  newSigningKeyPem,
  readSigningKey,
  receiptSignatureHolds,
  Shutdown,
  silentLog,
  systemClock,
} from '@agon/kit';
import { type ConnectedQueue, connectQueue } from '@agon/queue/producer';
import { startWorkers } from '@agon/queue/worker';
import { type ArtifactStore, connectStores, fileArtifactStore, type JobRecord, type Stores } from '@agon/store';
import { aJob, aJobSpec, aMiner, anEvaluation, aRun, testMongodbUrl, testRedis } from '@agon/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildScheduler } from './build-scheduler.ts';
import { ownRegistry } from './push/registry.ts';
import { readBlob } from './read-blob.ts';

const clock = systemClock;
const log = silentLog;
const newId = idMaker(clock.nowMs);
const signingKey = readSigningKey(newSigningKeyPem());
const csv = new TextEncoder().encode(
  `x,colour,y\n${Array.from({ length: 400 }, (_, row) => `${row},${['red', 'green'][row % 2]},${row % 3 ? 'yes' : 'no'}\n`).join('')}`,
);

let shutdown: Shutdown;
let stores: Stores;
let artifacts: ArtifactStore;
let jobId: string;

beforeEach(async () => {
  shutdown = new Shutdown();
  const folder = await mkdtemp(join(tmpdir(), 'agon-scheduler-'));
  shutdown.add('folder', () => rm(folder, { recursive: true, force: true }));
  stores = await connectStores({ url: testMongodbUrl(), clock, log });
  shutdown.add('stores', () => stores.close());
  artifacts = fileArtifactStore({ folder });
  jobId = newId('job');
});
afterEach(() => shutdown.run());

/** A scheduler at work on a Redis of its own, with what its queue is told. */
async function startScheduler(): Promise<{ queue: ConnectedQueue; reconcile: () => Promise<unknown> }> {
  const { redisUrl, prefix } = testRedis();
  const queue = await connectQueue({ redisUrl, prefix, log });
  shutdown.add('queue', () => queue.close());
  const baseModels = createBaseModels({ stores, artifacts, hub: null, clock, log });
  const handlers = buildScheduler({
    stores,
    artifacts,
    queue,
    baseModels,
    postEvent: async () => ({ status: 200, message: '' }),
    clock,
    log,
    signingKey,
    versions: { agon: 'test' },
    winnerFiles: async () => [],
    registry: ownRegistry(buildHub({ stores, artifacts, clock, newId, randomBytes, log }), 'http://agon.test'),
    pushHub: null,
    sealer: null,
    publicUrl: null,
    stopping: new AbortController().signal,
  });
  const workers = startWorkers({ redisUrl, prefix, log, handlers, clock });
  shutdown.add('workers', () => workers.close());
  return { queue, reconcile: () => handlers.reconcile({}) };
}

async function insertJob(): Promise<void> {
  const source = { ...(await artifacts.put(once(csv))), filename: 'rows.csv' };
  const now = new Date(clock.nowMs());
  const spec = aJobSpec({ suffix: 'demo', budget: { minutes: 10, seats: 2, wait_minutes: 10 } });
  const job = aJob({ id: jobId, source, spec, createdAt: now, updatedAt: now });
  await stores.jobs.insert(job, { type: 'job.created', message: 'Created.', key: 'job.created' });
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

const jobWhen = async (holds: (job: JobRecord) => boolean): Promise<JobRecord> => {
  let found: JobRecord | undefined;
  await expect
    .poll(
      async () => {
        found = await stores.jobs.find(jobId);
        return found !== undefined && holds(found);
      },
      { timeout: 20_000 },
    )
    .toBe(true);
  if (!found) throw new Error('There is no job.');
  return found;
};

/** What the evaluator does with a model that gives the true class this probability. */
async function measure(job: JobRecord, part: 'selection' | 'report', chance: number) {
  if (!job.parts || !job.table) throw new Error('The job has no parts.');
  const { target } = await readPart(artifacts.read(job.parts[part].sha256), job.table);
  const truth = Int32Array.from(target);
  const probabilities = new Float32Array(truth.length * 2);
  for (const [row, index] of truth.entries()) {
    probabilities[row * 2 + index] = chance;
    probabilities[row * 2 + 1 - index] = 1 - chance;
  }
  const outcome = outcomeOfClasses('log_loss', truth, { probabilities, labels: truth }, 2);
  const score = scoreWithInterval(outcome, { resamples: 200, seed: 1 });
  return { score, outcome: await artifacts.put(once(encodeOutcome(outcome))) };
}

/** What the evaluator does with a prepared job. */
async function open(job: JobRecord): Promise<void> {
  const baseline = {
    summary: 'the share of each class',
    selection: await measure(job, 'selection', 0.5),
    report: await measure(job, 'report', 0.5),
  };
  const now = new Date(clock.nowMs());
  const event = { type: 'job.opened', message: 'Open.', key: 'job.opened' };
  const set = { baseline, openedAt: now, waitUntil: new Date(now.getTime() + 600_000) };
  await stores.jobs.move({ jobId, from: 'preparing', to: 'open', set, event });
}

/** What the API and the evaluator do with a miner that returns a model. */
async function race(job: JobRecord, seatIndex: number, chance: number): Promise<string> {
  const [minerId, runId, now] = [newId('miner'), newId('run'), new Date(clock.nowMs())];
  const minerName = `racer ${seatIndex}`;
  await stores.miners.register(
    aMiner({ id: minerId, name: minerName, publicKey: readSigningKey(newSigningKeyPem()).publicKey }),
  );
  const seat = await stores.seats.claim({ seatId: `${jobId}.${seatIndex}`, fence: 0, minerId, runId, now });
  if (!seat) throw new Error('The seat is taken.');
  const model: BlobRef = await artifacts.put(once(new TextEncoder().encode(`model ${runId}`)));
  const submission = {
    id: newId('submission'),
    format: 'onnx' as const,
    committedAt: now,
    files: [{ path: 'model.onnx', ...model, uploadId: newId('upload') }],
  };
  const run = aRun({ id: runId, jobId, seatId: seat.id, seatIndex, fence: seat.fence, minerId, minerName });
  const times = { createdAt: now, lastHeartbeatAt: now, seed: runSeed(job.seed, runId), template: 'tabular-linear' };
  await stores.runs.insert({ ...run, ...times, submission }, { type: 'run.leased', message: 'Leased.' });
  await stores.jobs.update({
    jobId,
    while: ['open'],
    unset: ['deadlineAt'],
    set: { deadlineAt: new Date(now.getTime() + 600_000) },
  });
  const selection = await measure(job, 'selection', chance);
  const report = await measure(job, 'report', chance);
  await stores.evaluations.insert(anEvaluation({ runId, jobId, selection, report }));
  const event = { type: 'run.moved', message: 'Moved.' };
  await stores.runs.move({ runId, from: 'leased', to: 'uploaded', event });
  await stores.runs.move({ runId, from: 'uploaded', to: 'scoring', event });
  await stores.runs.move({ runId, from: 'scoring', to: 'scored', event });
  await stores.seats.release({ seatId: seat.id, fence: seat.fence, to: 'closed' });
  return runId;
}

test('a job goes from its file to a signed receipt, through two losses of all that is in Redis', async () => {
  await insertJob();
  const first = await startScheduler();
  await first.queue.add('job.prepare', { jobId });
  const prepared = await jobWhen((job) => job.parts !== null);
  await open(prepared);

  const second = await startScheduler();
  await second.reconcile();
  const seats = await stores.seats.listByJob(jobId);
  expect(seats.map((seat) => seat.status)).toEqual(['open', 'open']);
  await race(prepared, 0, 0.7);
  const better = await race(prepared, 1, 0.8);

  const third = await startScheduler();
  await third.reconcile();
  const job = await jobWhen((one) => one.status === 'succeeded');
  expect(job.result?.winner.run).toBe(better);
  expect(job.result?.model).toBe(job.modelId);

  const model = await stores.models.find(job.modelId ?? '');
  expect(model?.name).toBe(`demo-${jobId.slice(-6)}`);
  const bytes = await readBlob(artifacts, job.receipt?.sha256 ?? '');
  const receipt = Receipt.parse(JSON.parse(Buffer.from(bytes).toString()));
  expect(receiptSignatureHolds(receipt)).toBe(true);
  expect(checkReceipt(receipt.body)).toEqual([]);
  expect(receipt.body.method.resamples).toBe(limits.bootstrapResamples);

  const events = await stores.events.list({ jobId, afterSequence: 0, limit: 100 });
  const types = events.map((event) => event.type).filter((type) => type.startsWith('job.'));
  expect(types).toEqual([
    'job.created',
    'job.preparing',
    'job.prepared',
    'job.opened',
    'job.judging',
    'job.judged',
    'job.succeeded',
  ]);
  const [push] = await stores.pushes.listByModels([model?.id ?? '']);
  const namespace = await namespaceOf(stores, job.accountId);
  expect(push).toMatchObject({ where: 'registry', status: 'done', repo: `${namespace}/${model?.name}` });
});

test('the split in the receipt is the one that anyone with the dataset and the secret finds', async () => {
  await insertJob();
  const { queue } = await startScheduler();
  await queue.add('job.prepare', { jobId });
  const job = await jobWhen((one) => one.parts !== null);
  const source = sourceOfBytes({ filename: 'rows.csv', bytes: csv });
  const wish = {
    task: job.task,
    target: job.table?.target ?? '',
    ignoreColumns: job.spec.ignore_columns,
    metric: job.objective.metric,
  };
  const recomputed = await recomputeCommitment(source, { ...wish, splitSecret: job.splitSecret });
  expect(recomputed).toBe(job.splitCommitment);
});
