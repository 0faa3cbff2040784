import { importBaseModel, type ModelBlob } from '@agon/base-models';
import { AppError, BaseModel, CreateBaseModel } from '@agon/contracts';
import type { RouteDeps } from '../deps.ts';
import { findFile } from '../files/find-file.ts';
import { route } from '../http/route.ts';
import { baseModelWire } from './base-model-wire.ts';

/** @throws AppError `file_not_found`, `invalid_request` where a path comes twice. */
async function blobsOf(
  deps: RouteDeps,
  accountId: string,
  files: readonly CreateBaseModel['files'][number][],
): Promise<ModelBlob[]> {
  const blobs = new Map<string, ModelBlob>();
  for (const [index, { path, file }] of files.entries()) {
    const { sha256, bytes } = await findFile(deps.stores, { fileId: file, accountId }, `files.${index}.file`);
    if (blobs.has(path)) throw new AppError('invalid_request', `files: ${path} comes twice`, { param: 'files' });
    blobs.set(path, { path, sha256, bytes });
  }
  return [...blobs.values()];
}

export const createBaseModel = route({
  method: 'post',
  path: '/v1/base_models',
  tag: 'Base models',
  operationId: 'createBaseModel',
  summary: 'Make a base model of uploaded files',
  description:
    'The files have the layout of Hugging Face and were uploaded with the purpose `base-model`. Those that no job needs are left out. The same files again answer the same base model; the uploads may be deleted afterwards.',
  auth: 'key',
  scopes: ['admin'],
  request: { body: CreateBaseModel },
  response: BaseModel,
  status: 200,
  errors: [
    ...(['invalid_request', 'invalid_json', 'file_not_found', 'upload_incomplete'] as const),
    ...(['base_model_invalid', 'base_model_too_large', 'base_model_exists'] as const),
  ],
  async handle({ deps, caller, body, log }) {
    const blobs = await blobsOf(deps, caller.accountId, body.files);
    const model = await importBaseModel(deps, { name: body.name, revision: body.revision, source: 'imported', blobs });
    log.info({ baseModel: model.id, parameters: model.facts.parameters }, 'a base model was imported');
    return baseModelWire(model);
  },
});
