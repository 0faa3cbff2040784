/** Mongoose over a server of our own, for the tests of what it can do: one model with every kind of field and index. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mongoose, { type Connection } from 'mongoose';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { type MongoServer, serveMongo } from '../mongo/server.ts';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

const jobSchema = new mongoose.Schema(
  {
    _id: String,
    name: String,
    status: { type: String, required: true },
    priority: { type: Number, default: 0 },
    owner: { type: mongoose.Schema.Types.ObjectId },
    tags: [String],
    runs: [{ _id: false, id: String, score: Number }],
    leaseUntil: { type: Date, default: null },
    payload: Buffer,
    meta: mongoose.Schema.Types.Mixed,
  },
  { timestamps: true, strict: false },
);
jobSchema.index({ name: 1 }, { unique: true, sparse: true });
jobSchema.index({ status: 1, priority: -1 });
jobSchema.index({ owner: 1 }, { unique: true, partialFilterExpression: { status: 'running' } });
jobSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 60 });

/** A server for the tests of one file, empty before each. @param nowMs the server's clock */
export function mongooseJobs(nowMs: () => number = Date.now) {
  let folder: string;
  let server: MongoServer;
  let connection: Connection;
  const model = () => connection.model('job', jobSchema);
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'agon-mongo-'));
    server = await serveMongo({
      folder,
      log: silent,
      clock: { nowMs },
      sweepMs: 20,
      onFailure: (cause) => expect.unreachable(String(cause)),
    });
    connection = await mongoose.createConnection(`mongodb://127.0.0.1:${server.port}/agon`).asPromise();
    await model().init();
  });
  afterAll(async () => {
    await connection.close();
    await server.close();
    await rm(folder, { recursive: true });
  });
  beforeEach(async () => {
    await model().deleteMany({});
  });
  return { model, connection: () => connection };
}
