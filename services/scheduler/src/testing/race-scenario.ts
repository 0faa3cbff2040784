import { createBaseModels } from '@agon/base-models';
import { encodeOutcome, outcomeOfClasses, scoreWithInterval } from '@agon/domain';
import { createSealer, newSigningKeyPem, readSigningKey, silentLog } from '@agon/kit';
import type { JobRecord, MeasuredPart, RunRecord } from '@agon/store';
import {
  type AddedWork,
  aMiner,
  anEvaluation,
  anOpenJob,
  anUpload,
  aRun,
  aSeat,
  builtAt,
  type FixedClock,
  fixedClock,
  MemoryQueue,
} from '@agon/testing';
import type { SchedulerDeps } from '../scheduler-deps.ts';
import { type MemoryArtifacts, memoryArtifacts } from './memory-artifacts.ts';
import { type MemoryStores, memoryStores } from './memory-stores.ts';
import { TinyHub } from './tiny-hub.ts';

export const jobId = 'job_00000001';
const hiddenRows = 60;
const minute = 60_000;
const sealer = createSealer(new Uint8Array(32).fill(7));
const signingKey = readSigningKey(newSigningKeyPem());

export type Scenario = SchedulerDeps & {
  readonly stores: MemoryStores;
  readonly artifacts: MemoryArtifacts;
  readonly queue: MemoryQueue;
  readonly clock: FixedClock;
  readonly ownHub: TinyHub;
  readonly foreignHub: TinyHub;
};

/** Stores, queue and clock with nothing in them. */
export function emptyScenario(): Scenario {
  const clock = fixedClock(builtAt.getTime() + minute);
  const stores = memoryStores(clock);
  const artifacts = memoryArtifacts(clock);
  const [ownHub, foreignHub] = [new TinyHub(), new TinyHub()];
  return {
    stores,
    artifacts,
    baseModels: createBaseModels({ stores, artifacts, hub: null, clock, log: silentLog }),
    queue: new MemoryQueue(),
    postEvent: async () => ({ status: 200, message: 'The target answered 200.' }),
    clock,
    log: silentLog,
    signingKey,
    versions: { agon: '0.1.0' },
    winnerFiles: async () => [],
    ownHub,
    foreignHub,
    registry: { targetFor: () => ownHub.target() },
    pushHub: { url: foreignHub.url, token: null, fetch: foreignHub.fetch },
    sealer,
    publicUrl: null,
    stopping: new AbortController().signal,
  };
}

/** How the run of a racer stands; `quality` is the probability that its model gives to the true class, about. */
export type Racer = {
  readonly status: RunRecord['status'];
  readonly quality?: number;
  readonly committedMs?: number;
  readonly set?: Partial<RunRecord>;
};

/** A race with one seat and one run for every racer, ten minutes long, one minute old. */
export async function raceScenario(racers: readonly Racer[], set: Partial<JobRecord> = {}): Promise<Scenario> {
  const scenario = emptyScenario();
  const { stores, artifacts } = scenario;
  const train = await artifacts.put(once('x,colour of it,y\n1,red,no\n,"bl,ue",yes\n3,green,no\n'));
  const spec = { ...anOpenJob().spec, budget: { minutes: 10, seats: Math.max(1, racers.length), wait_minutes: 60 } };
  const job = anOpenJob({
    id: jobId,
    spec,
    deadlineAt: racers.length > 0 ? new Date(builtAt.getTime() + 10 * minute) : null,
    dataset: {
      format: 'csv',
      rows: 320,
      rows_dropped: { duplicates: 0, without_target: 0, empty: 0 },
      parts: { train: 200, selection: hiddenRows, report: hiddenRows },
      columns: [],
      classes: null,
      notes: [],
    },
    parts: {
      train: { ...train, rows: 3 },
      selection: { ...train, rows: hiddenRows },
      report: { ...train, rows: hiddenRows },
    },
    baseline: {
      summary: 'the share of each class',
      selection: await measured(scenario, { quality: 0.5, shift: 0 }),
      report: await measured(scenario, { quality: 0.5, shift: 1 }),
    },
    ...set,
  });
  await stores.jobs.insert(job, { type: 'job.created', message: 'Created.', key: 'job.created' });
  if (racers.length === 0) await stores.seats.ensure({ jobId, count: 1, createdAt: builtAt });
  for (const [index, racer] of racers.entries()) await addRacer(scenario, racer, index);
  return scenario;
}

async function addRacer(scenario: Scenario, racer: Racer, index: number): Promise<void> {
  const { stores, artifacts } = scenario;
  const runId = `run_0000000${index + 1}`;
  const minerId = `miner_0000000${index + 1}`;
  const model = await artifacts.put(once(`model of ${runId}`));
  const held = ['leased', 'training', 'uploaded', 'scoring'].includes(racer.status);
  stores.addMiner(aMiner({ id: minerId, name: `miner ${index + 1}`, publicKey: signingKey.publicKey }));
  stores.seats.insert(
    aSeat({
      id: `${jobId}.${index}`,
      index,
      status: held ? 'leased' : 'closed',
      fence: 1,
      attempts: 1,
      minerId,
      runId,
      leasedAt: builtAt,
    }),
  );
  const submitted = ['uploaded', 'scoring', 'scored', 'rejected'].includes(racer.status);
  const committedAt = new Date(builtAt.getTime() + (racer.committedMs ?? 10_000 + index));
  const files = [{ path: 'model.onnx', ...model, uploadId: `upl_0000000${index + 1}` }];
  await stores.runs.insert(
    aRun({
      id: runId,
      seatId: `${jobId}.${index}`,
      seatIndex: index,
      minerId,
      minerName: `miner ${index + 1}`,
      template: `recipe-${index + 1}`,
      status: racer.status,
      submission: submitted ? { id: `sub_0000000${index + 1}`, format: 'onnx', committedAt, files } : null,
      lastHeartbeatAt: scenario.clock.date(),
      finishedAt: held ? null : scenario.clock.date(),
      ...racer.set,
    }),
    { type: 'run.leased', message: 'Leased.', key: `run.leased:${runId}` },
  );
  await stores.uploads.insertMany([anUpload({ id: `upl_0000000${index + 1}`, runId })]);
  await artifacts.staging.create(`upl_0000000${index + 1}`);
  if (racer.status === 'scored') await addScore(scenario, runId, racer.quality ?? 0.8);
}

/** The verdict of the evaluator on a run. */
export async function addScore(scenario: Scenario, runId: string, quality: number): Promise<void> {
  const selection = await measured(scenario, { quality, shift: 0 });
  const report = await measured(scenario, { quality, shift: 1 });
  await scenario.stores.evaluations.insert(
    anEvaluation({ runId, selection, report, versions: { onnxruntime: '1.30.0' } }),
  );
}

/** A model's outcome on a hidden part: the true class gets about `quality`, a little more or less from row to row. */
async function measured(scenario: Scenario, model: { quality: number; shift: number }): Promise<MeasuredPart> {
  const truth = Int32Array.from({ length: hiddenRows }, (_, row) => (row + model.shift) % 2);
  const wobble = model.quality === 0.5 ? 0 : 0.09;
  const probabilities = new Float32Array(hiddenRows * 2);
  for (const [row, index] of truth.entries()) {
    const chance = model.quality + wobble * Math.sin(row * 7 + model.shift + model.quality * 100);
    probabilities[2 * row + index] = chance;
    probabilities[2 * row + 1 - index] = 1 - chance;
  }
  const labels = Int32Array.from(truth, (_, row) => Number((probabilities[2 * row + 1] ?? 0) > 0.5));
  const outcome = outcomeOfClasses('log_loss', truth, { probabilities, labels }, 2);
  return {
    score: scoreWithInterval(outcome, { resamples: 100, seed: 1 }),
    outcome: await scenario.artifacts.put(once(encodeOutcome(outcome))),
  };
}

export async function* once(content: string | Uint8Array): AsyncGenerator<Uint8Array> {
  yield typeof content === 'string' ? new TextEncoder().encode(content) : content;
}

/** All that a job has become, without the moments at which that was. */
export async function stateOf({ stores, artifacts, queue }: Scenario) {
  const job = await stores.jobs.find(jobId);
  return {
    job: { ...job, updatedAt: null },
    runs: await stores.runs.listByJob(jobId),
    seats: await stores.seats.listByJob(jobId),
    events: stores.log(jobId).map((event) => ({ key: event.key, message: event.message, data: event.data })),
    models: [...stores.modelRecords.values()],
    files: [...stores.fileRecords.values()],
    fileUploads: await stores.fileUploads.find('upload_00000001'),
    blobs: [...artifacts.blobs.keys()].toSorted(),
    staged: [...artifacts.staged],
    // Whether webhooks were planned already is asked of the database: only the reconciler sees a plan that was lost.
    queue: [...new Set(queue.added.filter(({ name }) => name !== 'webhook.plan').map(workOf))].toSorted(),
  };
}

const workOf = ({ name, payload }: AddedWork): string => `${name} ${JSON.stringify(payload)}`;
