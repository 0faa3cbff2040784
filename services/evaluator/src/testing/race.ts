import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Objective, SubmissionFormat, TableSchema, TaskName } from '@agon/contracts';
import { Shutdown, silentLog } from '@agon/kit';
import { LanguageScorers } from '@agon/language';
import { type ArtifactStore, connectStores, fileArtifactStore, type JobRecord, type Stores } from '@agon/store';
import { aJob, aJobSpec, aRun, builtAt, type FixedClock, fixedClock, MemoryQueue, testMongodbUrl } from '@agon/testing';
import type { EvaluatorDeps, ScoringLimits } from '../evaluator-deps.ts';
import { taskModules } from '../tasks/task-modules.ts';

const rows = { train: 200, selection: 60, report: 60 };
const minute = 60_000;

export const scoringLimits: ScoringLimits = {
  submissionBytesMax: 1_000_000,
  scoringMsMax: 30_000,
  childMemoryMib: 1_024,
  threads: 1,
  bootstrapResamples: 200,
  patienceMs: 60 * minute,
};

/** `y` is `yes` where `x` is positive, and `number` is `3 x + 1`. */
export const tables = {
  'tabular-classification': {
    target: 'y',
    classes: ['no', 'yes'],
    columns: [
      { name: 'x', input: 'x', kind: 'number' },
      { name: 'the colour', input: 'column_1', kind: 'category' },
    ],
  },
  'tabular-regression': {
    target: 'number',
    classes: null,
    columns: [
      { name: 'x', input: 'x', kind: 'number' },
      { name: 'the colour', input: 'column_1', kind: 'category' },
    ],
  },
} as const satisfies Partial<Record<TaskName, TableSchema>>;

export type TableTask = keyof typeof tables;

export type Race = EvaluatorDeps & {
  readonly stores: Stores;
  readonly artifacts: ArtifactStore;
  readonly queue: MemoryQueue;
  readonly clock: FixedClock;
  readonly jobId: string;
  readonly runId: string;
  /** Answers the hash of what it stored. */
  store(content: string | Uint8Array): Promise<{ sha256: string; bytes: number }>;
  close(): Promise<void>;
};

const ids = (number: number) => ({
  jobId: `job_${String(number).padStart(8, '0')}`,
  runId: `run_${String(number).padStart(8, '0')}`,
});

/** Real stores and blobs with nothing in them, a queue in memory, and a clock that stands. */
export async function openRace(changes: Partial<ScoringLimits> = {}): Promise<Race> {
  const shutdown = new Shutdown();
  const clock = fixedClock(builtAt.getTime() + minute);
  const folder = await mkdtemp(join(tmpdir(), 'agon-evaluator-'));
  shutdown.add('folder', () => rm(folder, { recursive: true, force: true }));
  const scorers = new LanguageScorers({ folder: join(folder, 'scoring'), idleMs: minute });
  shutdown.add('scorers', () => scorers.close());
  const stores = await connectStores({ url: testMongodbUrl(), clock, log: silentLog });
  shutdown.add('stores', () => stores.close());
  const artifacts = fileArtifactStore({ folder });
  return {
    stores,
    artifacts,
    ...ids(1),
    queue: new MemoryQueue(),
    scorers,
    clock,
    log: silentLog,
    versions: { agon: 'test' },
    limits: { ...scoringLimits, ...changes },
    tasks: taskModules,
    store: (content) => artifacts.put(once(content)),
    close: () => shutdown.run(),
  };
}

/** Another job in the same stores. */
export const nextRace = (race: Race): Race => ({
  ...race,
  ...ids(Number(race.jobId.slice(4)) + 1),
  queue: new MemoryQueue(),
});

async function* once(content: string | Uint8Array): AsyncGenerator<Uint8Array> {
  yield typeof content === 'string' ? new TextEncoder().encode(content) : content;
}

export function csvOf(task: TableTask, count: number, shift: number): string {
  const lines = Array.from({ length: count }, (_, row) => {
    const x = ((row * 37 + shift) % 100) / 10 - 5;
    const target = task === 'tabular-regression' ? 3 * x + 1 : x > 0 ? 'yes' : 'no';
    return `${x},${['red', 'green', ''][row % 3]},${target}`;
  });
  return `x,the colour,${tables[task].target}\n${lines.join('\n')}\n`;
}

/** A job that was split and waits for its baseline. */
export async function insertJob(
  race: Race,
  input: { task?: TableTask; set?: Partial<JobRecord> } = {},
): Promise<JobRecord> {
  const task = input.task ?? 'tabular-classification';
  const part = async (name: keyof typeof rows, shift: number) => ({
    ...(await race.store(csvOf(task, rows[name], shift))),
    rows: rows[name],
  });
  const objective: Objective =
    task === 'tabular-regression'
      ? { metric: 'rmse', direction: 'minimize', goal: null }
      : { metric: 'log_loss', direction: 'minimize', goal: null };
  const job = aJob({
    id: race.jobId,
    spec: aJobSpec({ budget: { minutes: 10, seats: 2, wait_minutes: 60 } }),
    task,
    objective,
    table: tables[task],
    parts: { train: await part('train', 0), selection: await part('selection', 1), report: await part('report', 2) },
    ...input.set,
  });
  await race.stores.jobs.insert(job, { type: 'job.created', message: 'Created.', key: 'job.created' });
  return job;
}

/** An open job's first seat, leased, with a run whose upload of these files is complete. */
export async function insertUploadedRun(
  race: Race,
  files: readonly { path: string; content: Uint8Array; bytes?: number }[],
  format: SubmissionFormat = 'onnx',
): Promise<void> {
  const { stores, jobId, runId } = race;
  const seatId = `${jobId}.0`;
  const now = race.clock.date();
  const minerId = 'miner_00000001';
  const deadlineAt = new Date(now.getTime() + 10 * minute);
  await stores.jobs.update({ jobId, while: ['open'], unset: ['deadlineAt'], set: { deadlineAt } });
  await stores.seats.claim({ seatId, fence: 0, minerId, runId, now });
  const stored = files.map(async ({ path, content, bytes }, at) => {
    const blob = await race.store(content);
    return { path, ...blob, bytes: bytes ?? blob.bytes, uploadId: `upl_0000000${at + 1}` };
  });
  const submission = {
    id: 'sub_00000001',
    format,
    committedAt: now,
    files: await Promise.all(stored),
  };
  await stores.runs.insert(
    aRun({ id: runId, jobId, seatId, minerId, status: 'uploaded', submission, createdAt: now }),
    { type: 'run.uploaded', message: 'Uploaded.', key: `run.uploaded:${runId}` },
  );
}

/** All that a job has become, without the moments at which that was and the number of attempts. */
export async function stateOf({ stores, queue, jobId, runId }: Race) {
  const job = await stores.jobs.find(jobId);
  const events = await stores.events.list({ jobId, afterSequence: 0, limit: 1_000 });
  return {
    job: { ...job, updatedAt: null },
    run: await stores.runs.find(runId),
    seats: await stores.seats.listByJob(jobId),
    evaluation: await stores.evaluations.find(runId),
    events: events
      .filter((event) => event.type !== 'job.measuring')
      .map(({ key, message, data }) => ({ key, message, data })),
    queue: [...new Set(queue.added.map((work) => JSON.stringify(work)))].toSorted(),
  };
}
