import type { BlobRef, Capabilities, CreateJob, JobResult, Score, TableSchema } from '@agon/contracts';
import {
  type EvaluationRecord,
  type FileRecord,
  type JobRecord,
  type KeyRecord,
  type MeasuredPart,
  type MinerRecord,
  type ModelRecord,
  type NewEvent,
  type PushRecord,
  pendingPush,
  type RunRecord,
  type SeatRecord,
  type UploadRecord,
} from '@agon/store';

/** When everything that a builder makes was made. */
export const builtAt = new Date(Date.UTC(2026, 0, 1));

/** A hash that is told apart by its number. */
export const aHash = (number = 0): string => number.toString(16).padStart(64, '0');

export const aBlob = (number = 0, bytes = 100): BlobRef => ({ sha256: aHash(number), bytes });

export const aScore = (value = 0.5, rows = 100): Score => ({ value, ci95: [value - 0.1, value + 0.1], rows });

export const aMeasuredPart = (number = 0, value = 0.5): MeasuredPart => ({
  score: aScore(value),
  outcome: aBlob(number),
});

export const aTable = (overrides: Partial<TableSchema> = {}): TableSchema => ({
  target: 'y',
  classes: ['no', 'yes'],
  columns: [
    { name: 'x', input: 'x', kind: 'number' },
    { name: 'colour of it', input: 'column_1', kind: 'category' },
  ],
  ...overrides,
});

export const someCapabilities = (overrides: Partial<Capabilities> = {}): Capabilities => ({
  gpus: [],
  vram_mib: 0,
  memory_mib: 4_096,
  cpus: 2,
  disk_mib: 10_000,
  tasks: ['tabular-classification', 'tabular-regression'],
  templates: ['tabular-linear'],
  ...overrides,
});

export const anEvent = (overrides: Partial<NewEvent> = {}): NewEvent => ({
  type: 'job.changed',
  message: 'Something changed.',
  ...overrides,
});

export const aJobSpec = (overrides: Partial<CreateJob> = {}): CreateJob => ({
  training_file: 'file-00000001',
  target: 'y',
  columns: {},
  text: {},
  ignore_columns: [],
  objective: {},
  budget: { minutes: 10, seats: 3, wait_minutes: 60 },
  metadata: {},
  publish: { private: true, merged: false, onnx: true },
  ...overrides,
});

/** A job that still prepares. */
export const aJob = (overrides: Partial<JobRecord> = {}): JobRecord => ({
  id: 'job_00000001',
  accountId: 'acct_00000001',
  keyId: 'key_00000001',
  status: 'preparing',
  createdAt: builtAt,
  updatedAt: builtAt,
  openedAt: null,
  waitUntil: null,
  deadlineAt: null,
  graceSeconds: 20,
  pausedAt: null,
  finishedAt: null,
  spec: aJobSpec(),
  task: 'tabular-classification',
  taskInferred: null,
  objective: { metric: 'log_loss', direction: 'minimize', goal: null },
  seed: 7,
  splitSecret: 'ab'.repeat(32),
  baseModel: null,
  text: null,
  source: { ...aBlob(1, 1_000), filename: 'rows.csv' },
  dataset: null,
  table: null,
  splitCommitment: null,
  parts: null,
  baseline: null,
  needs: { memoryMib: 512, vramMib: 0, cpus: 1 },
  goalReached: false,
  judgement: null,
  result: null,
  modelId: null,
  receipt: null,
  failure: null,
  fineTuning: null,
  resultFileId: null,
  ...overrides,
});

/** A job whose seats are offered: it has parts, a table and a baseline. */
export const anOpenJob = (overrides: Partial<JobRecord> = {}): JobRecord =>
  aJob({
    status: 'open',
    openedAt: builtAt,
    waitUntil: new Date(builtAt.getTime() + 60 * 60_000),
    table: aTable(),
    splitCommitment: aHash(2),
    parts: {
      train: { ...aBlob(3), rows: 800 },
      selection: { ...aBlob(4), rows: 100 },
      report: { ...aBlob(5), rows: 100 },
    },
    baseline: {
      summary: 'the share of each class',
      selection: aMeasuredPart(6, 0.69),
      report: aMeasuredPart(7, 0.69),
    },
    ...overrides,
  });

export const aSeat = (overrides: Partial<SeatRecord> = {}): SeatRecord => ({
  id: 'job_00000001.0',
  jobId: 'job_00000001',
  index: 0,
  status: 'open',
  fence: 0,
  attempts: 0,
  minerId: null,
  runId: null,
  leasedAt: null,
  createdAt: builtAt,
  ...overrides,
});

/** A run that was just leased. */
export const aRun = (overrides: Partial<RunRecord> = {}): RunRecord => ({
  id: 'run_00000001',
  jobId: 'job_00000001',
  accountId: 'acct_00000001',
  seatId: 'job_00000001.0',
  seatIndex: 0,
  fence: 1,
  minerId: 'miner_00000001',
  minerName: 'miner one',
  template: null,
  status: 'leased',
  seed: 7,
  createdAt: builtAt,
  lastHeartbeatAt: builtAt,
  finishedAt: null,
  progress: null,
  curve: [],
  logTail: '',
  image: null,
  usage: null,
  submission: null,
  failure: null,
  ...overrides,
});

export const anUpload = (overrides: Partial<UploadRecord> = {}): UploadRecord => ({
  id: 'upl_00000001',
  runId: 'run_00000001',
  jobId: 'job_00000001',
  path: 'model.onnx',
  ...aBlob(8),
  status: 'receiving',
  createdAt: builtAt,
  expiresAt: new Date(builtAt.getTime() + 24 * 60 * 60_000),
  ...overrides,
});

/** An accepted submission with its scores. */
export const anEvaluation = (overrides: Partial<EvaluationRecord> = {}): EvaluationRecord => ({
  runId: 'run_00000001',
  jobId: 'job_00000001',
  verdict: 'accepted',
  rejection: null,
  selection: aMeasuredPart(9, 0.4),
  report: aMeasuredPart(10, 0.42),
  metrics: { log_loss: 0.4, accuracy: 0.8 },
  seconds: 1.5,
  versions: { evaluator: '0.1.0' },
  createdAt: builtAt,
  ...overrides,
});

export const aFile = (overrides: Partial<FileRecord> = {}): FileRecord => ({
  id: 'file-00000001',
  accountId: 'acct_00000001',
  filename: 'rows.csv',
  purpose: 'fine-tune',
  ...aBlob(1, 1_000),
  createdAt: builtAt,
  expiresAt: null,
  ...overrides,
});

export const aResult = (overrides: Partial<JobResult> = {}): JobResult => ({
  winner: { run: 'run_00000001', miner: 'miner_00000001', miner_name: 'miner one', template: 'tabular-linear' },
  metric: 'log_loss',
  direction: 'minimize',
  selection: aScore(0.4),
  report: aScore(0.42),
  baseline: { selection: 0.69, report: 0.69 },
  gain: { value: 0.27, ci95: [0.2, 0.34] },
  model: 'model_00000001',
  ...overrides,
});

export const aModel = (overrides: Partial<ModelRecord> = {}): ModelRecord => ({
  id: 'model_00000001',
  accountId: 'acct_00000001',
  name: 'rows',
  jobId: 'job_00000001',
  runId: 'run_00000001',
  task: 'tabular-classification',
  files: [{ path: 'model.onnx', ...aBlob(8) }],
  table: aTable(),
  result: aResult(),
  baseModelId: null,
  alias: null,
  createdAt: builtAt,
  ...overrides,
});

/** A push to a foreign hub that is due. */
export const aPush = (overrides: Partial<PushRecord> = {}): PushRecord => ({
  ...pendingPush({
    modelId: 'model_00000001',
    jobId: 'job_00000001',
    accountId: 'acct_00000001',
    where: 'hub',
    repo: 'someone/rows',
    private: true,
    now: builtAt,
  }),
  id: 'push_00000001',
  nextAttemptAt: builtAt,
  ...overrides,
});

export const aMiner = (overrides: Partial<MinerRecord> = {}): MinerRecord => ({
  id: 'miner_00000001',
  publicKey: 'A'.repeat(43),
  name: 'miner one',
  capabilities: someCapabilities(),
  createdAt: builtAt,
  lastSeenAt: builtAt,
  bannedAt: null,
  ...overrides,
});

export const aKey = (overrides: Partial<KeyRecord> = {}): KeyRecord => ({
  id: 'key_00000001',
  accountId: 'acct_00000001',
  name: 'laptop',
  scopes: ['jobs:read', 'jobs:write'],
  hash: aHash(11),
  prefix: 'agon_ab',
  createdAt: builtAt,
  revokedAt: null,
  ...overrides,
});
