import type {
  BaseModelFacts,
  BlobRef,
  Capabilities,
  CreateJob,
  DatasetReport,
  EventLevel,
  FineTuningMethod,
  Gain,
  JobFailure,
  JobResult,
  JobStatus,
  ModelFile,
  Objective,
  Progress,
  RejectionCode,
  RunFailure,
  RunStatus,
  RunUsage,
  Scope,
  Score,
  SeatStatus,
  SubmissionFormat,
  TableSchema,
  TaskName,
  TextLimits,
} from '@agon/contracts';

/** What a caller says of something that happened; the store adds sequence and time. */
export type NewEvent = {
  readonly type: string;
  readonly level?: EventLevel;
  readonly message: string;
  readonly data?: Record<string, unknown>;
  /** Two events of a job with the same key are one. Where it is left out, the store makes one. */
  readonly key?: string;
};

export type EventRecord = {
  id: string;
  jobId: string;
  sequence: number;
  key: string;
  type: string;
  level: EventLevel;
  message: string;
  data: Record<string, unknown>;
  createdAt: Date;
};

export type PartBlob = BlobRef & { rows: number };

/** A baseline's score on a hidden part, with the outcome blob that rivals are compared to. */
export type MeasuredPart = { score: Score; outcome: BlobRef };

export type JudgedEntry = {
  runId: string;
  rank: number;
  score: Score;
  toWinner: Gain | null;
  pBest: number;
  beatsBaseline: boolean;
  copyOf: string | null;
};

export type Judgement = {
  judgedAt: Date;
  reason: 'all_seats_final' | 'deadline' | 'goal';
  entries: JudgedEntry[];
  bootstrapSeed: number;
  resamples: number;
};

export type JobRecord = {
  id: string;
  accountId: string;
  keyId: string;
  status: JobStatus;
  createdAt: Date;
  updatedAt: Date;
  openedAt: Date | null;
  /** When an open job that no miner has joined gives up. */
  waitUntil: Date | null;
  deadlineAt: Date | null;
  graceSeconds: number;
  pausedAt: Date | null;
  finishedAt: Date | null;
  spec: CreateJob;
  task: TaskName;
  taskInferred: string | null;
  objective: Objective;
  seed: number;
  /** 64 hex digits; leaves the service only inside the receipt. */
  splitSecret: string;
  /** What the job starts from, resolved when it was created. */
  baseModel: { id: string; name: string; revision: string; why: string | null } | null;
  text: TextLimits | null;
  source: BlobRef & { filename: string };
  dataset: DatasetReport | null;
  table: TableSchema | null;
  splitCommitment: string | null;
  parts: { train: PartBlob; selection: PartBlob; report: PartBlob } | null;
  baseline: { summary: string; selection: MeasuredPart; report: MeasuredPart } | null;
  needs: { memoryMib: number; vramMib: number; cpus: number };
  goalReached: boolean;
  judgement: Judgement | null;
  result: JobResult | null;
  modelId: string | null;
  receipt: BlobRef | null;
  failure: JobFailure | null;
  /** What came through the fine-tuning API and has no place in `spec`; null for native jobs. */
  fineTuning: { method: FineTuningMethod; validationFile: string | null } | null;
  /** The winner's curve as a file of the client's. */
  resultFileId: string | null;
};

export type SeatRecord = {
  id: string;
  jobId: string;
  index: number;
  status: SeatStatus;
  fence: number;
  attempts: number;
  minerId: string | null;
  runId: string | null;
  leasedAt: Date | null;
  createdAt: Date;
};

export type SubmissionRecord = {
  id: string;
  format: SubmissionFormat;
  committedAt: Date;
  files: { path: string; bytes: number; sha256: string; uploadId: string }[];
};

export type CurvePoint = [seconds: number, loss: number, step?: number];

export type RunRecord = {
  id: string;
  jobId: string;
  accountId: string;
  seatId: string;
  seatIndex: number;
  fence: number;
  minerId: string;
  minerName: string;
  template: string | null;
  image: string | null;
  status: RunStatus;
  seed: number;
  createdAt: Date;
  lastHeartbeatAt: Date;
  finishedAt: Date | null;
  progress: Progress | null;
  usage: RunUsage | null;
  /** Seconds since the lease, loss, and the trainer's own step where it was kept. */
  curve: CurvePoint[];
  logTail: string;
  submission: SubmissionRecord | null;
  failure: RunFailure | null;
};

export type UploadRecord = {
  id: string;
  runId: string;
  jobId: string;
  path: string;
  bytes: number;
  sha256: string;
  status: 'receiving' | 'received' | 'ended';
  createdAt: Date;
  expiresAt: Date;
};

export type EvaluationRecord = {
  /** One per run: the run's id. */
  runId: string;
  jobId: string;
  verdict: 'accepted' | 'rejected';
  rejection: { code: RejectionCode; message: string } | null;
  /** Null when rejected. */
  selection: MeasuredPart | null;
  report: MeasuredPart | null;
  /** Every metric of the task on the selection rows. */
  metrics: Record<string, number>;
  seconds: number;
  versions: Record<string, string>;
  createdAt: Date;
};

export type FileRecord = BlobRef & {
  id: string;
  accountId: string;
  filename: string;
  purpose: 'fine-tune' | 'fine-tune-results' | 'base-model';
  createdAt: Date;
  /** When it deletes itself; null for never. */
  expiresAt: Date | null;
};

export type ModelRecord = {
  id: string;
  accountId: string;
  name: string;
  jobId: string;
  runId: string;
  task: TaskName;
  files: ModelFile[];
  table: TableSchema | null;
  result: JobResult;
  /** What it was made from. */
  baseModelId: string | null;
  /** `ft:{base}:{organisation}:{suffix}:{id}`, by which OpenAI's clients name it; unique. */
  alias: string | null;
  createdAt: Date;
};

/** The name under which an account publishes, in lower case; one an account. */
export type NamespaceRecord = { name: string; accountId: string };

/** A model that jobs may start from; its files are blobs. */
export type BaseModelRecord = {
  /** `org/name@revision`. */
  id: string;
  name: string;
  revision: string;
  source: 'imported' | 'hub';
  facts: BaseModelFacts;
  files: (BlobRef & { path: string })[];
  createdAt: Date;
};

export type MinerRecord = {
  id: string;
  publicKey: string;
  name: string;
  capabilities: Capabilities;
  createdAt: Date;
  lastSeenAt: Date;
  bannedAt: Date | null;
};

export type KeyRecord = {
  id: string;
  accountId: string;
  name: string;
  scopes: Scope[];
  /** sha256 of the key in hex. Keys have 256 random bits, so a slow hash would add nothing. */
  hash: string;
  prefix: string;
  createdAt: Date;
  revokedAt: Date | null;
};
