import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Objective, TableSchema, TaskName } from '@agon/contracts';
import { Shutdown, silentLog } from '@agon/kit';
import { type ArtifactStore, connectStores, fileArtifactStore, type JobRecord, type Stores } from '@agon/store';
import { aJob, aJobSpec, aRun, builtAt, type FixedClock, fixedClock, MemoryQueue, testMongodbUrl } from '@agon/testing';
import type { EvaluatorDeps, ScoringLimits } from '../evaluator-deps.ts';
import { taskModules } from '../tasks/task-modules.ts';

export const jobId = 'job_00000001';
export const runId = 'run_00000001';
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
} as const satisfies Record<TaskName, TableSchema>;

export type Race = EvaluatorDeps & {
  readonly stores: Stores;
  readonly artifacts: ArtifactStore;
  readonly queue: MemoryQueue;
  readonly clock: FixedClock;
  /** Answers the hash of what it stored. */
  store(content: string | Uint8Array): Promise<{ sha256: string; bytes: number }>;
  close(): Promise<void>;
};

/** Real stores and blobs with nothing in them, a queue in memory, and a clock that stands. */
export async function openRace(changes: Partial<ScoringLimits> = {}): Promise<Race> {
  const shutdown = new Shutdown();
  const clock = fixedClock(builtAt.getTime() + minute);
  const folder = await mkdtemp(join(tmpdir(), 'agon-evaluator-'));
  shutdown.add('folder', () => rm(folder, { recursive: true, force: true }));
  const stores = await connectStores({ url: testMongodbUrl(), clock, log: silentLog });
  shutdown.add('stores', () => stores.close());
  const artifacts = fileArtifactStore({ folder });
  return {
    stores,
    artifacts,
    queue: new MemoryQueue(),
    clock,
    log: silentLog,
    versions: { agon: 'test' },
    limits: { ...scoringLimits, ...changes },
    tasks: taskModules,
    store: (content) => artifacts.put(once(content)),
    close: () => shutdown.run(),
  };
}

async function* once(content: string | Uint8Array): AsyncGenerator<Uint8Array> {
  yield typeof content === 'string' ? new TextEncoder().encode(content) : content;
}

export function csvOf(task: TaskName, count: number, shift: number): string {
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
  input: { task?: TaskName; set?: Partial<JobRecord> } = {},
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
    id: jobId,
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
  run = runId,
): Promise<void> {
  const index = Number(run.at(-1)) - 1;
  const seatId = `${jobId}.${index}`;
  const now = race.clock.date();
  const minerId = `miner_0000000${index + 1}`;
  await race.stores.jobs.update({
    jobId,
    while: ['open'],
    unset: ['deadlineAt'],
    set: { deadlineAt: new Date(now.getTime() + 10 * minute) },
  });
  const seat = await race.stores.seats.find(seatId);
  const fence = seat?.fence ?? 0;
  await race.stores.seats.claim({ seatId, fence, minerId, runId: run, now });
  const stored = files.map(async ({ path, content, bytes }, at) => {
    const blob = await race.store(content);
    return { path, ...blob, bytes: bytes ?? blob.bytes, uploadId: `upl_0000000${at + 1}` };
  });
  const submission = {
    id: 'sub_00000001',
    format: 'onnx' as const,
    committedAt: now,
    files: await Promise.all(stored),
  };
  await race.stores.runs.insert(
    aRun({
      id: run,
      jobId,
      seatId,
      seatIndex: index,
      fence: fence + 1,
      minerId,
      status: 'uploaded',
      submission,
      createdAt: now,
    }),
    { type: 'run.uploaded', message: 'Uploaded.', key: `run.uploaded:${run}` },
  );
}

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
