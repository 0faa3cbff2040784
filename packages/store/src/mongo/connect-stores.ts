import { type Clock, idMaker, type Log, type NewId } from '@agon/kit';
import { type Connection, createConnection } from 'mongoose';
import type { Stores } from '../ports/index.ts';
import { createBaseModelStore } from './base-model-store.ts';
import { asAppError, withAppErrors } from './database-errors.ts';
import { createEvaluationStore } from './evaluation-store.ts';
import { createEventStore } from './event-store.ts';
import { createFileStore } from './file-store.ts';
import { createFileUploadStore } from './file-upload-store.ts';
import { createHubBlobStore } from './hub-blob-store.ts';
import { createHubCommitStore, createHubRefStore } from './hub-ref-store.ts';
import { createHubRepoStore } from './hub-repo-store.ts';
import { createHubUploadStore } from './hub-upload-store.ts';
import { createIdempotencyStore } from './idempotency-store.ts';
import { createJobLog } from './job-log.ts';
import { createJobStore } from './job-store.ts';
import { createKeyStore } from './key-store.ts';
import { createMinerStore } from './miner-store.ts';
import { createModelStore } from './model-store.ts';
import { createIndexes, type Models, openModels } from './models.ts';
import { createNamespaceStore } from './namespace-store.ts';
import { createPushStore } from './push-store.ts';
import { createRunStore } from './run-store.ts';
import { createSeatStore } from './seat-store.ts';
import type { StoreDeps } from './store-deps.ts';
import { createUploadStore } from './upload-store.ts';
import { createWebhookStore } from './webhook-store.ts';

const silenceMs = 60_000;

export type StoreOptions = {
  /** MongoDB, with the database in the path. */
  url: string;
  clock: Clock;
  log: Log;
  newId?: NewId;
  /** How long a call may look for a server before it answers `not_ready`. */
  selectionMs?: number;
};

/**
 * Connects to MongoDB and makes every index, then answers the stores. The connection is the caller's to close.
 *
 * @throws AppError `not_ready` where the database does not answer within seconds.
 */
export async function connectStores(options: StoreOptions): Promise<Stores> {
  const { url, clock, log, newId = idMaker(clock.nowMs), selectionMs = 5_000 } = options;
  const connection = createConnection();
  connection.on('error', (error: unknown) => log.warn({ err: error }, 'the database connection failed'));
  try {
    await connection.openUri(url, {
      autoIndex: false,
      autoCreate: false,
      bufferCommands: false,
      serverSelectionTimeoutMS: selectionMs,
      socketTimeoutMS: silenceMs,
    });
    const models = openModels(connection);
    await createIndexes(models);
    return assemble(connection, { models, clock, log, jobLog: createJobLog({ models, clock, newId }) });
  } catch (error) {
    await connection.close(true);
    throw asAppError(error);
  }
}

function assemble(connection: Connection, deps: StoreDeps): Stores {
  return {
    jobs: withAppErrors(createJobStore(deps)),
    events: withAppErrors(createEventStore(deps)),
    seats: withAppErrors(createSeatStore(deps)),
    runs: withAppErrors(createRunStore(deps)),
    uploads: withAppErrors(createUploadStore(deps)),
    evaluations: withAppErrors(createEvaluationStore(deps)),
    files: withAppErrors(createFileStore(deps)),
    fileUploads: withAppErrors(createFileUploadStore(deps)),
    models: withAppErrors(createModelStore(deps)),
    pushes: withAppErrors(createPushStore(deps)),
    baseModels: withAppErrors(createBaseModelStore(deps)),
    miners: withAppErrors(createMinerStore(deps)),
    keys: withAppErrors(createKeyStore(deps)),
    namespaces: withAppErrors(createNamespaceStore(deps)),
    webhooks: withAppErrors(createWebhookStore(deps)),
    hub: {
      repos: withAppErrors(createHubRepoStore(deps)),
      refs: withAppErrors(createHubRefStore(deps)),
      commits: withAppErrors(createHubCommitStore(deps)),
      blobs: withAppErrors(createHubBlobStore(deps)),
      uploads: withAppErrors(createHubUploadStore(deps)),
    },
    idempotency: withAppErrors(createIdempotencyStore(deps)),
    ...withAppErrors({
      isReferenced: (sha256: string) => isReferenced(deps.models, sha256),
      ping: async () => {
        await connection.db?.admin().ping();
      },
    }),
    close: () => connection.close(),
  };
}

async function isReferenced(models: Models, sha256: string): Promise<boolean> {
  const holders = await Promise.all([
    models.files.exists({ sha256 }),
    models.fileUploads.exists({ blobs: sha256 }),
    models.uploadParts.exists({ sha256 }),
    models.jobs.exists({ blobs: sha256 }),
    models.runs.exists({ blobs: sha256 }),
    models.evaluations.exists({ blobs: sha256 }),
    models.models.exists({ blobs: sha256 }),
    models.baseModels.exists({ blobs: sha256 }),
    models.hubBlobs.exists({ sha256 }),
    models.hubParts.exists({ sha256 }),
  ]);
  return holders.some((holder) => holder !== null);
}
