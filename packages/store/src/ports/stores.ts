import type { JobStatus, RunStatus, TaskName } from '@agon/contracts';
import type { FileUploadStore } from './file-uploads.ts';
import type { HubStores } from './hub-stores.ts';
import type { PushStore } from './push-store.ts';
import type {
  BaseModelRecord,
  EvaluationRecord,
  EventRecord,
  FileRecord,
  JobRecord,
  KeyRecord,
  MinerRecord,
  ModelRecord,
  NewEvent,
  RunRecord,
  SeatRecord,
  UploadRecord,
} from './records.ts';
import type { WebhookStore } from './webhooks.ts';

/** Newest first; `after` is the id of the last item of the page before. */
export type Paging = { readonly after?: string | undefined; readonly limit: number };

export type JobChange = Partial<Omit<JobRecord, 'id' | 'accountId' | 'status' | 'createdAt'>>;

export type JobStore = {
  /** Inserts the job and its first event in one step. */
  insert(job: JobRecord, event: NewEvent): Promise<void>;
  find(jobId: string): Promise<JobRecord | undefined>;
  /** `metadata`: pairs that a job must have; null for jobs without any. */
  list(
    query: Paging & {
      accountId?: string;
      statuses?: readonly JobStatus[];
      tasks?: readonly TaskName[];
      metadata?: Readonly<Record<string, string>> | null;
    },
  ): Promise<JobRecord[]>;
  /**
   * The only way a status changes: by compare-and-set on the status that it leaves, with the event in the same write.
   * Answers the job after the move, or undefined where it was in none of the `from` states (then nothing changed).
   *
   * @throws RangeError for a move that `jobMoves` does not have.
   */
  move(move: {
    jobId: string;
    from: JobStatus | readonly JobStatus[];
    to: JobStatus;
    set?: JobChange;
    event: NewEvent;
  }): Promise<JobRecord | undefined>;
  /** Changes fields while the job is in one of the states. `unset` names fields that must still be null. */
  update(change: {
    jobId: string;
    while: readonly JobStatus[];
    unset?: readonly (keyof JobChange)[];
    set: JobChange;
    event?: NewEvent;
  }): Promise<JobRecord | undefined>;
  delete(jobId: string): Promise<void>;
  /** Jobs that have ended and whose webhooks do not know it yet, in no order. */
  listUnannounced(query: { limit: number }): Promise<JobRecord[]>;
  /** Says that the deliveries about the end of the job are written down. */
  markAnnounced(jobId: string): Promise<void>;
};

export type EventStore = {
  /** Appends to the log of a job; an event whose key is there already is dropped. */
  append(jobId: string, event: NewEvent): Promise<void>;
  /** Oldest first, those after `afterSequence`. */
  list(query: { jobId: string; afterSequence: number; limit: number }): Promise<EventRecord[]>;
  /** Newest first, those before `beforeSequence`. */
  listNewest(query: { jobId: string; beforeSequence: number; limit: number }): Promise<EventRecord[]>;
  /** Writes out what a crash left in outboxes of jobs and runs; answers how many jobs and runs had some. */
  repair(): Promise<number>;
  deleteByJob(jobId: string): Promise<void>;
};

export type SeatStore = {
  /** Makes seats 0 to `count - 1` of a job, open, unless they are there. */
  ensure(input: { jobId: string; count: number; createdAt: Date }): Promise<void>;
  find(seatId: string): Promise<SeatRecord | undefined>;
  listByJob(jobId: string): Promise<SeatRecord[]>;
  listByJobs(jobIds: readonly string[]): Promise<SeatRecord[]>;
  /** Seats that are open or lapsed, oldest first. */
  listFree(query: { limit: number }): Promise<SeatRecord[]>;
  /**
   * Takes a free seat: compare-and-set on `fence`, which grows by one. Answers undefined where another was faster, or
   * where the miner holds another seat of this job (a unique index says so).
   */
  claim(input: {
    seatId: string;
    fence: number;
    minerId: string;
    runId: string;
    now: Date;
  }): Promise<SeatRecord | undefined>;
  /** leased → lapsed, while `fence` still holds. */
  lapse(input: { seatId: string; fence: number }): Promise<SeatRecord | undefined>;
  /** lapsed → leased: the old holder is back before anyone took the seat. */
  resume(input: { seatId: string; fence: number }): Promise<SeatRecord | undefined>;
  /** leased or lapsed → open or closed, while `fence` still holds. Opening clears the miner; closing keeps it. */
  release(input: { seatId: string; fence: number; to: 'open' | 'closed' }): Promise<SeatRecord | undefined>;
  /** Closes every seat that is open or lapsed (the race is over for them). */
  closeFree(jobId: string): Promise<number>;
  closeAll(jobId: string): Promise<number>;
  deleteByJob(jobId: string): Promise<void>;
};

export type RunChange = Partial<Omit<RunRecord, 'id' | 'jobId' | 'status' | 'createdAt' | 'fence'>>;

export type RunStore = {
  /** Does nothing where the id is there already (a claim that was repeated after a crash). */
  insert(run: RunRecord, event: NewEvent): Promise<void>;
  find(runId: string): Promise<RunRecord | undefined>;
  listByJob(jobId: string): Promise<RunRecord[]>;
  listByMiner(query: Paging & { minerId: string }): Promise<RunRecord[]>;
  /** Runs of a miner among these jobs, as `jobId → count`. */
  countByJob(query: { minerId: string; jobIds: readonly string[] }): Promise<Map<string, number>>;
  listByStatus(query: { statuses: readonly RunStatus[]; limit: number }): Promise<RunRecord[]>;
  /** Compare-and-set on the status (and the fence, where given), with the event in the job's log. */
  move(move: {
    runId: string;
    from: RunStatus | readonly RunStatus[];
    to: RunStatus;
    fence?: number;
    set?: RunChange;
    event: NewEvent;
  }): Promise<RunRecord | undefined>;
  /** Changes fields while the run is in one of the states (and holds the fence, where given). */
  update(change: {
    runId: string;
    while: readonly RunStatus[];
    fence?: number;
    set: RunChange;
    event?: NewEvent;
  }): Promise<RunRecord | undefined>;
  /** `minerId → status → count`, of one miner or of all. */
  countByMiner(minerIds: readonly string[]): Promise<Map<string, Map<RunStatus, number>>>;
  deleteByJob(jobId: string): Promise<void>;
};

export type UploadStore = {
  insertMany(uploads: readonly UploadRecord[]): Promise<void>;
  find(uploadId: string): Promise<UploadRecord | undefined>;
  listByRun(runId: string): Promise<UploadRecord[]>;
  /** receiving → received. */
  receive(uploadId: string): Promise<UploadRecord | undefined>;
  /** Ends every upload of a run and answers those that were not received, so that their staged bytes can go. */
  endByRun(runId: string): Promise<UploadRecord[]>;
  listExpired(query: { now: Date; limit: number }): Promise<UploadRecord[]>;
  deleteByJob(jobId: string): Promise<void>;
};

export type EvaluationStore = {
  /** Answers false where the run has one already: the first stands. */
  insert(evaluation: EvaluationRecord): Promise<boolean>;
  find(runId: string): Promise<EvaluationRecord | undefined>;
  listByJob(jobId: string): Promise<EvaluationRecord[]>;
  deleteByJob(jobId: string): Promise<void>;
};

export type FileStore = {
  /** Answers false where the id is there already. */
  insert(file: FileRecord): Promise<boolean>;
  find(fileId: string): Promise<FileRecord | undefined>;
  /** `order`: newest first where it is left out. */
  list(
    query: Paging & { accountId: string; purpose?: string | undefined; order?: 'asc' | 'desc' | undefined },
  ): Promise<FileRecord[]>;
  /** Files whose time is over. */
  listExpired(query: { now: Date; limit: number }): Promise<FileRecord[]>;
  delete(fileId: string): Promise<void>;
};

export type ModelStore = {
  /** Answers false where the id is there already. */
  insert(model: ModelRecord): Promise<boolean>;
  find(modelId: string): Promise<ModelRecord | undefined>;
  findByAlias(alias: string): Promise<ModelRecord | undefined>;
  list(query: Paging & { accountId?: string }): Promise<ModelRecord[]>;
  delete(modelId: string): Promise<void>;
  /** `minerId → number of wins`. */
  countWins(minerIds: readonly string[]): Promise<Map<string, number>>;
};

export type BaseModelStore = {
  /** Answers false where the id is there already. */
  insert(model: BaseModelRecord): Promise<boolean>;
  find(id: string): Promise<BaseModelRecord | undefined>;
  /** The newest of the name, whatever its revision. */
  findByName(name: string): Promise<BaseModelRecord | undefined>;
  /** By id; `after` is the id of the last item of the page before. */
  list(query: Paging): Promise<BaseModelRecord[]>;
  delete(id: string): Promise<void>;
};

export type MinerStore = {
  /** Makes the miner or brings name, capabilities and last contact up to date; the public key is unique. */
  register(miner: MinerRecord): Promise<MinerRecord>;
  find(minerId: string): Promise<MinerRecord | undefined>;
  findByKey(publicKey: string): Promise<MinerRecord | undefined>;
  list(query: Paging): Promise<MinerRecord[]>;
  touch(input: { minerId: string; now: Date; capabilities?: MinerRecord['capabilities'] }): Promise<void>;
  listSeenSince(since: Date): Promise<MinerRecord[]>;
  /** Answers false where this key used the nonce before. Kept until `expiresAt`. */
  useNonce(input: { publicKey: string; nonce: string; expiresAt: Date }): Promise<boolean>;
};

export type KeyStore = {
  /** Does nothing where a key with this hash is there. */
  insert(key: KeyRecord): Promise<void>;
  findByHash(hash: string): Promise<KeyRecord | undefined>;
  find(keyId: string): Promise<KeyRecord | undefined>;
  list(query: Paging & { accountId?: string }): Promise<KeyRecord[]>;
  revoke(input: { keyId: string; now: Date }): Promise<KeyRecord | undefined>;
};

export type IdempotencyStore = {
  /**
   * Reserves a key for a request. Answers `undefined` where it was free (now it is taken), else what was reserved
   * before: the same key gives the same job.
   */
  reserve(input: {
    key: string;
    bodyHash: string;
    jobId: string;
    expiresAt: Date;
  }): Promise<{ bodyHash: string; jobId: string } | undefined>;
  free(key: string): Promise<void>;
  /** Forgets what was reserved for a job, when the job is deleted. */
  freeByJob(jobId: string): Promise<void>;
};

export type NamespaceStore = {
  /**
   * The account's name, claimed now where it has none: `wanted` where it is free, else with a number behind it. The name
   * of an account never changes.
   */
  claim(input: { accountId: string; wanted: string }): Promise<string>;
  /** Undefined where the account has none yet. */
  find(accountId: string): Promise<string | undefined>;
  /** The account that has this name, in whatever case. */
  accountOf(name: string): Promise<string | undefined>;
};

export type Stores = {
  readonly jobs: JobStore;
  readonly events: EventStore;
  readonly seats: SeatStore;
  readonly runs: RunStore;
  readonly uploads: UploadStore;
  readonly evaluations: EvaluationStore;
  readonly files: FileStore;
  readonly fileUploads: FileUploadStore;
  readonly models: ModelStore;
  readonly pushes: PushStore;
  readonly baseModels: BaseModelStore;
  readonly miners: MinerStore;
  readonly keys: KeyStore;
  readonly namespaces: NamespaceStore;
  readonly webhooks: WebhookStore;
  readonly hub: HubStores;
  readonly idempotency: IdempotencyStore;
  /** Whether any file, job part, outcome, receipt, submission, model, base model or repo refers to the blob. */
  isReferenced(sha256: string): Promise<boolean>;
  /** Throws where the database does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
};
