import { FileId, PageQuery, pageOf, StoredFile } from '@agon/contracts';
import { z } from 'zod';
import { sendBlob } from '../artifacts/send-blob.ts';
import { route } from '../http/route.ts';
import { pageFrom } from '../page.ts';
import { fileWire } from './file-wire.ts';
import { findFile } from './find-file.ts';

export const FileParams = z.object({ file_id: FileId });

export const listFiles = route({
  method: 'get',
  path: '/v1/files',
  tag: 'Files',
  operationId: 'listFiles',
  summary: 'List files, newest first unless `order` is asc',
  auth: 'key',
  scopes: ['jobs:read'],
  request: {
    query: PageQuery.extend({ purpose: z.string().max(64).optional(), order: z.enum(['asc', 'desc']).optional() }),
  },
  response: pageOf(StoredFile),
  status: 200,
  errors: ['invalid_request'],
  async handle({ deps, caller: { accountId }, query: { limit, after, purpose, order } }) {
    const files = await deps.stores.files.list({ after, purpose, order, accountId, limit: limit + 1 });
    return pageFrom(files.map(fileWire), limit);
  },
});

export const getFile = route({
  method: 'get',
  path: '/v1/files/:file_id',
  tag: 'Files',
  operationId: 'getFile',
  summary: 'Read one file',
  auth: 'key',
  scopes: ['jobs:read'],
  request: { params: FileParams },
  response: StoredFile,
  status: 200,
  errors: ['file_not_found'],
  async handle({ deps, caller, params }) {
    return fileWire(await findFile(deps.stores, { fileId: params.file_id, accountId: caller.accountId }));
  },
});

export const getFileContent = route({
  method: 'get',
  path: '/v1/files/:file_id/content',
  tag: 'Files',
  operationId: 'getFileContent',
  summary: 'Download a file',
  auth: 'key',
  scopes: ['jobs:read'],
  request: { params: FileParams },
  response: null,
  answers: { contentType: 'application/octet-stream', summary: 'The bytes; ranges are served' },
  status: 200,
  errors: ['file_not_found', 'range_not_satisfiable'],
  async handle({ deps, caller, params, request, response }) {
    const file = await findFile(deps.stores, { fileId: params.file_id, accountId: caller.accountId });
    const answer = { blob: file, contentType: 'application/octet-stream', filename: file.filename };
    return sendBlob(deps.artifacts, { request, response }, answer);
  },
});
