import type { Clock } from '@agon/kit';
import type {
  BaseModelRecord,
  EvaluationRecord,
  EvaluationStore,
  EventRecord,
  FileRecord,
  MinerRecord,
  ModelRecord,
  SeatRecord,
  Stores,
  UploadRecord,
  UploadStore,
} from '@agon/store';
import { memoryFiles, memoryFileUploads } from './memory-file-uploads.ts';
import { memoryHub } from './memory-hub.ts';
import { memoryJobs } from './memory-jobs.ts';
import { memoryPushes } from './memory-pushes.ts';
import { memoryRuns } from './memory-runs.ts';
import { memorySeats } from './memory-seats.ts';
import { memoryWebhooks } from './memory-webhooks.ts';

export type MemoryStores = Stores & {
  readonly seats: Stores['seats'] & { insert(seat: SeatRecord): void };
  /** The events of a job. */
  log(jobId: string): EventRecord[];
  readonly pushes: ReturnType<typeof memoryPushes>;
  readonly modelRecords: Map<string, ModelRecord>;
  readonly fileRecords: Map<string, FileRecord>;
  addMiner(miner: MinerRecord): void;
  readonly baseModelRecords: Map<string, BaseModelRecord>;
};

/** A store of which the scheduler calls nothing. */
const unused = <T extends object>(): T =>
  new Proxy({} as T, {
    get: () => () => Promise.reject(new Error('The scheduler does not call this.')),
  });

function memoryUploads(): UploadStore {
  const uploads = new Map<string, UploadRecord>();
  const receiving = (keep: (upload: UploadRecord) => boolean): UploadRecord[] =>
    structuredClone([...uploads.values()].filter((upload) => upload.status === 'receiving' && keep(upload)));
  return {
    ...unused<UploadStore>(),
    async insertMany(records) {
      for (const record of records) uploads.set(record.id, structuredClone(record));
    },
    find: async (uploadId) => structuredClone(uploads.get(uploadId)),
    listByRun: async (runId) => structuredClone([...uploads.values()].filter((upload) => upload.runId === runId)),
    async endByRun(runId) {
      const unfinished = receiving((upload) => upload.runId === runId);
      for (const upload of uploads.values()) if (upload.runId === runId) upload.status = 'ended';
      return unfinished;
    },
    listExpired: async ({ now, limit }) => receiving((upload) => upload.expiresAt <= now).slice(0, limit),
    async deleteByJob(jobId) {
      for (const [id, upload] of uploads) if (upload.jobId === jobId) uploads.delete(id);
    },
  };
}

function memoryEvaluations(): EvaluationStore {
  const evaluations = new Map<string, EvaluationRecord>();
  return {
    async insert(evaluation) {
      if (evaluations.has(evaluation.runId)) return false;
      evaluations.set(evaluation.runId, structuredClone(evaluation));
      return true;
    },
    find: async (runId) => structuredClone(evaluations.get(runId)),
    listByJob: async (jobId) => structuredClone([...evaluations.values()].filter((one) => one.jobId === jobId)),
    async deleteByJob(jobId) {
      for (const [runId, one] of evaluations) if (one.jobId === jobId) evaluations.delete(runId);
    },
  };
}

/** All stores in memory, as far as the scheduler calls them. */
export function memoryStores(clock: Clock, isReferenced: (sha256: string) => boolean = () => true): MemoryStores {
  const { jobs, events, log } = memoryJobs(clock);
  const modelRecords = new Map<string, ModelRecord>();
  const fileRecords = new Map<string, FileRecord>();
  const miners = new Map<string, MinerRecord>();
  const baseModelRecords = new Map<string, BaseModelRecord>();
  return {
    jobs,
    events,
    log,
    seats: memorySeats(),
    runs: memoryRuns(clock, events),
    uploads: memoryUploads(),
    evaluations: memoryEvaluations(),
    modelRecords,
    models: {
      ...unused<Stores['models']>(),
      async insert(model) {
        if (modelRecords.has(model.id)) return false;
        modelRecords.set(model.id, structuredClone(model));
        return true;
      },
      find: async (modelId) => structuredClone(modelRecords.get(modelId)),
    },
    baseModelRecords,
    baseModels: {
      ...unused<Stores['baseModels']>(),
      find: async (id) => structuredClone(baseModelRecords.get(id)),
    },
    addMiner: (miner) => void miners.set(miner.id, miner),
    miners: { ...unused<Stores['miners']>(), find: async (minerId) => structuredClone(miners.get(minerId)) },
    pushes: memoryPushes(),
    fileRecords,
    files: { ...unused<Stores['files']>(), ...memoryFiles(fileRecords) },
    fileUploads: { ...unused<Stores['fileUploads']>(), ...memoryFileUploads() },
    keys: unused(),
    hub: memoryHub(unused),
    idempotency: unused(),
    namespaces: { ...unused<Stores['namespaces']>(), find: async () => 'user' },
    webhooks: memoryWebhooks(),
    isReferenced: async (sha256) => isReferenced(sha256),
    ping: async () => undefined,
    close: async () => undefined,
  };
}
