import type { Connection, Model, Schema } from 'mongoose';
import * as schemas from './schemas.ts';

export type Models = {
  readonly jobs: Model<schemas.JobDocument>;
  readonly events: Model<schemas.EventDocument>;
  readonly seats: Model<schemas.SeatDocument>;
  readonly runs: Model<schemas.RunDocument>;
  readonly uploads: Model<schemas.UploadDocument>;
  readonly evaluations: Model<schemas.EvaluationDocument>;
  readonly files: Model<schemas.FileDocument>;
  readonly models: Model<schemas.ModelDocument>;
  readonly pushes: Model<schemas.PushDocument>;
  readonly baseModels: Model<schemas.BaseModelDocument>;
  readonly miners: Model<schemas.MinerDocument>;
  readonly keys: Model<schemas.KeyDocument>;
  readonly nonces: Model<schemas.NonceDocument>;
  readonly idempotency: Model<schemas.IdempotencyDocument>;
  readonly namespaces: Model<schemas.NamespaceDocument>;
};

/** The models of a connection, one a collection. Nothing is registered outside the connection. */
export function openModels(connection: Connection): Models {
  const open = <T>(name: string, schema: Schema<T>): Model<T> => connection.model<T>(name, schema, name);
  return {
    jobs: open('jobs', schemas.jobSchema),
    events: open('events', schemas.eventSchema),
    seats: open('seats', schemas.seatSchema),
    runs: open('runs', schemas.runSchema),
    uploads: open('uploads', schemas.uploadSchema),
    evaluations: open('evaluations', schemas.evaluationSchema),
    files: open('files', schemas.fileSchema),
    models: open('models', schemas.modelSchema),
    pushes: open('pushes', schemas.pushSchema),
    baseModels: open('base_models', schemas.baseModelSchema),
    miners: open('miners', schemas.minerSchema),
    keys: open('keys', schemas.keySchema),
    nonces: open('nonces', schemas.nonceSchema),
    idempotency: open('idempotency', schemas.idempotencySchema),
    namespaces: open('namespaces', schemas.namespaceSchema),
  };
}

/** Makes every index and waits until all are there: a unique index that comes late guards nothing. */
export async function createIndexes(models: Models): Promise<void> {
  const all: readonly { createIndexes(): Promise<void> }[] = Object.values(models);
  await Promise.all(all.map((model) => model.createIndexes()));
}
