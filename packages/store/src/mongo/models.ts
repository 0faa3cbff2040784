import type { Connection, Model, Schema } from 'mongoose';
import * as fileUploadSchemas from './file-upload-schemas.ts';
import * as hub from './hub-schemas.ts';
import { type PushDocument, pushSchema } from './push-schema.ts';
import * as schemas from './schemas.ts';
import * as webhookSchemas from './webhook-schemas.ts';

export type Models = {
  readonly jobs: Model<schemas.JobDocument>;
  readonly events: Model<schemas.EventDocument>;
  readonly seats: Model<schemas.SeatDocument>;
  readonly runs: Model<schemas.RunDocument>;
  readonly uploads: Model<schemas.UploadDocument>;
  readonly evaluations: Model<schemas.EvaluationDocument>;
  readonly files: Model<schemas.FileDocument>;
  readonly models: Model<schemas.ModelDocument>;
  readonly pushes: Model<PushDocument>;
  readonly baseModels: Model<schemas.BaseModelDocument>;
  readonly miners: Model<schemas.MinerDocument>;
  readonly keys: Model<schemas.KeyDocument>;
  readonly namespaces: Model<schemas.NamespaceDocument>;
  readonly hubRepos: Model<hub.HubRepoDocument>;
  readonly hubRefs: Model<hub.HubRefDocument>;
  readonly hubCommits: Model<hub.HubCommitDocument>;
  readonly hubBlobs: Model<hub.HubBlobDocument>;
  readonly hubUploads: Model<hub.HubUploadDocument>;
  readonly hubParts: Model<hub.HubPartDocument>;
  readonly nonces: Model<schemas.NonceDocument>;
  readonly idempotency: Model<schemas.IdempotencyDocument>;
  readonly fileUploads: Model<fileUploadSchemas.FileUploadDocument>;
  readonly uploadParts: Model<fileUploadSchemas.UploadPartDocument>;
  readonly webhooks: Model<webhookSchemas.WebhookDocument>;
  readonly webhookDeliveries: Model<webhookSchemas.WebhookDeliveryDocument>;
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
    pushes: open('pushes', pushSchema),
    baseModels: open('base_models', schemas.baseModelSchema),
    miners: open('miners', schemas.minerSchema),
    keys: open('keys', schemas.keySchema),
    namespaces: open('namespaces', schemas.namespaceSchema),
    hubRepos: open('hub_repos', hub.hubRepoSchema),
    hubRefs: open('hub_refs', hub.hubRefSchema),
    hubCommits: open('hub_commits', hub.hubCommitSchema),
    hubBlobs: open('hub_blobs', hub.hubBlobSchema),
    hubUploads: open('hub_uploads', hub.hubUploadSchema),
    hubParts: open('hub_parts', hub.hubPartSchema),
    nonces: open('nonces', schemas.nonceSchema),
    idempotency: open('idempotency', schemas.idempotencySchema),
    fileUploads: open('file_uploads', fileUploadSchemas.fileUploadSchema),
    uploadParts: open('file_upload_parts', fileUploadSchemas.uploadPartSchema),
    webhooks: open('webhooks', webhookSchemas.webhookSchema),
    webhookDeliveries: open('webhook_deliveries', webhookSchemas.webhookDeliverySchema),
  };
}

/** Makes every index and waits until all are there: a unique index that comes late guards nothing. */
export async function createIndexes(models: Models): Promise<void> {
  const all: readonly { createIndexes(): Promise<void> }[] = Object.values(models);
  await Promise.all(all.map((model) => model.createIndexes()));
}
