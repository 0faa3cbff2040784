import type {
  BaseModelRecord,
  EvaluationRecord,
  EventRecord,
  FileRecord,
  JobRecord,
  KeyRecord,
  MinerRecord,
  ModelRecord,
  RunRecord,
  SeatRecord,
  UploadRecord,
} from '../ports/index.ts';
import type { DocumentOf } from './document.ts';
import type { OutboxEntry } from './job-log.ts';
import { gone, Mixed, needed, schemaOf, waitingOutbox } from './schema-of.ts';

/** `blobs` repeats every hash that the document refers to, so that one index answers whether a blob is still needed. */
type WithOutbox = { outbox: OutboxEntry[] };
type WithBlobs = { blobs: string[] };
/**
 * `eventSequence` is the sequence of the last entry that was put into the outbox; `unannounced` stands until the
 * deliveries to webhooks about the end of the job are written down.
 */
export type JobDocument = DocumentOf<JobRecord> &
  WithOutbox &
  WithBlobs & { eventSequence: number; unannounced?: true };
export type RunDocument = DocumentOf<RunRecord> & WithOutbox & WithBlobs;
export type EventDocument = DocumentOf<EventRecord>;
export type SeatDocument = DocumentOf<SeatRecord>;
export type UploadDocument = DocumentOf<UploadRecord>;
export type EvaluationDocument = Omit<EvaluationRecord, 'runId'> & { _id: string } & WithBlobs;
export type FileDocument = DocumentOf<FileRecord>;
export type ModelDocument = DocumentOf<ModelRecord> & WithBlobs;
export type BaseModelDocument = DocumentOf<BaseModelRecord> & WithBlobs;
export type MinerDocument = DocumentOf<MinerRecord>;
export type KeyDocument = DocumentOf<KeyRecord>;
/** `_id` is the name. */
export type NamespaceDocument = { _id: string; accountId: string };
export type NonceDocument = { _id: string; expiresAt: Date };
export type IdempotencyDocument = { _id: string; bodyHash: string; jobId: string; expiresAt: Date };

export const jobSchema = schemaOf<JobDocument>(
  {
    _id: String,
    accountId: needed(String),
    keyId: needed(String),
    status: needed(String),
    createdAt: needed(Date),
    updatedAt: needed(Date),
    openedAt: Date,
    waitUntil: Date,
    deadlineAt: Date,
    graceSeconds: needed(Number),
    pausedAt: Date,
    finishedAt: Date,
    spec: needed(Mixed),
    task: needed(String),
    taskInferred: String,
    objective: needed(Mixed),
    seed: needed(Number),
    splitSecret: needed(String),
    baseModel: Mixed,
    text: Mixed,
    source: needed(Mixed),
    dataset: Mixed,
    table: Mixed,
    splitCommitment: String,
    parts: Mixed,
    baseline: Mixed,
    needs: needed(Mixed),
    goalReached: needed(Boolean),
    judgement: Mixed,
    result: Mixed,
    modelId: String,
    receipt: Mixed,
    failure: Mixed,
    fineTuning: Mixed,
    resultFileId: String,
    eventSequence: needed(Number),
    unannounced: Boolean,
    outbox: [Mixed],
    blobs: [String],
  },
  [
    [{ accountId: 1, _id: -1 }],
    [{ status: 1, _id: -1 }],
    [{ blobs: 1 }],
    [{ unannounced: 1 }, { sparse: true }],
    waitingOutbox,
  ],
);

export const eventSchema = schemaOf<EventDocument>(
  {
    _id: String,
    jobId: needed(String),
    sequence: needed(Number),
    key: String,
    type: { type: String },
    level: needed(String),
    message: String,
    data: needed(Mixed),
    createdAt: needed(Date),
  },
  [
    [{ jobId: 1, sequence: 1 }, { unique: true }],
    [{ jobId: 1, key: 1 }, { unique: true }],
  ],
);

export const seatSchema = schemaOf<SeatDocument>(
  {
    _id: String,
    jobId: needed(String),
    index: needed(Number),
    status: needed(String),
    fence: needed(Number),
    attempts: needed(Number),
    minerId: String,
    runId: String,
    leasedAt: Date,
    createdAt: needed(Date),
  },
  [
    [{ jobId: 1, index: 1 }],
    [{ status: 1, createdAt: 1, _id: 1 }],
    // A miner holds one seat of a job, whatever races there are between its requests.
    [
      { jobId: 1, minerId: 1 },
      { unique: true, partialFilterExpression: { minerId: { $type: 'string' } } },
    ],
  ],
);

export const runSchema = schemaOf<RunDocument>(
  {
    _id: String,
    jobId: needed(String),
    accountId: needed(String),
    seatId: needed(String),
    seatIndex: needed(Number),
    fence: needed(Number),
    minerId: needed(String),
    minerName: needed(String),
    template: String,
    image: String,
    status: needed(String),
    seed: needed(Number),
    createdAt: needed(Date),
    lastHeartbeatAt: needed(Date),
    finishedAt: Date,
    progress: Mixed,
    usage: Mixed,
    curve: Mixed,
    logTail: String,
    submission: Mixed,
    failure: Mixed,
    outbox: [Mixed],
    blobs: [String],
  },
  [
    [{ jobId: 1, createdAt: 1, _id: 1 }],
    [{ minerId: 1, _id: -1 }],
    [{ minerId: 1, jobId: 1 }],
    [{ status: 1, createdAt: 1, _id: 1 }],
    [{ blobs: 1 }],
    waitingOutbox,
  ],
);

export const uploadSchema = schemaOf<UploadDocument>(
  {
    _id: String,
    runId: needed(String),
    jobId: needed(String),
    path: needed(String),
    bytes: needed(Number),
    sha256: needed(String),
    status: needed(String),
    createdAt: needed(Date),
    expiresAt: needed(Date),
  },
  [[{ runId: 1 }], [{ jobId: 1 }], [{ status: 1, expiresAt: 1 }]],
);

export const evaluationSchema = schemaOf<EvaluationDocument>(
  {
    _id: String,
    jobId: needed(String),
    verdict: needed(String),
    rejection: Mixed,
    selection: Mixed,
    report: Mixed,
    metrics: needed(Mixed),
    seconds: needed(Number),
    versions: needed(Mixed),
    createdAt: needed(Date),
    blobs: [String],
  },
  [[{ jobId: 1, createdAt: 1, _id: 1 }], [{ blobs: 1 }]],
);

export const fileSchema = schemaOf<FileDocument>(
  {
    _id: String,
    accountId: needed(String),
    filename: String,
    purpose: needed(String),
    bytes: needed(Number),
    sha256: needed(String),
    createdAt: needed(Date),
    expiresAt: Date,
  },
  [
    [{ accountId: 1, _id: -1 }],
    [{ sha256: 1 }],
    [{ expiresAt: 1 }, { partialFilterExpression: { expiresAt: { $type: 'date' } } }],
  ],
);

export const modelSchema = schemaOf<ModelDocument>(
  {
    _id: String,
    accountId: needed(String),
    name: String,
    jobId: needed(String),
    runId: needed(String),
    task: needed(String),
    files: needed(Mixed),
    table: Mixed,
    result: needed(Mixed),
    baseModelId: String,
    alias: String,
    createdAt: needed(Date),
    blobs: [String],
  },
  [
    [{ accountId: 1, _id: -1 }],
    [{ 'result.winner.miner': 1 }],
    [{ blobs: 1 }],
    [{ alias: 1 }, { unique: true, partialFilterExpression: { alias: { $type: 'string' } } }],
  ],
);

export const baseModelSchema = schemaOf<BaseModelDocument>(
  {
    _id: String,
    name: needed(String),
    revision: needed(String),
    source: needed(String),
    facts: needed(Mixed),
    files: needed(Mixed),
    createdAt: needed(Date),
    blobs: [String],
  },
  [[{ name: 1, createdAt: -1, _id: -1 }], [{ blobs: 1 }]],
);

export const minerSchema = schemaOf<MinerDocument>(
  {
    _id: String,
    publicKey: needed(String),
    name: needed(String),
    capabilities: needed(Mixed),
    createdAt: needed(Date),
    lastSeenAt: needed(Date),
    bannedAt: Date,
  },
  [[{ publicKey: 1 }, { unique: true }], [{ lastSeenAt: 1 }]],
);

export const keySchema = schemaOf<KeyDocument>(
  {
    _id: String,
    accountId: needed(String),
    name: String,
    scopes: [String],
    hash: needed(String),
    prefix: String,
    createdAt: needed(Date),
    revokedAt: Date,
  },
  [[{ hash: 1 }, { unique: true }], [{ accountId: 1, _id: -1 }]],
);

export const namespaceSchema = schemaOf<NamespaceDocument>({ _id: String, accountId: needed(String) }, [
  [{ accountId: 1 }, { unique: true }],
]);

export const nonceSchema = schemaOf<NonceDocument>({ _id: String, expiresAt: needed(Date) }, [gone]);

export const idempotencySchema = schemaOf<IdempotencyDocument>(
  { _id: String, bodyHash: needed(String), jobId: needed(String), expiresAt: needed(Date) },
  [gone],
);
