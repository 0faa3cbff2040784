import { AppError, Deleted, limits } from '@agon/contracts';
import type { JobRecord, Stores } from '@agon/store';
import { releaseBlobs } from '../artifacts/release-blob.ts';
import { route } from '../http/route.ts';
import { findFile } from './find-file.ts';
import { FileParams } from './read-files.ts';

const pagesMax = 100;

/** A job that still prepares from the file, if there is one; later it has parts of its own. */
async function preparingFrom(
  stores: Pick<Stores, 'jobs'>,
  file: { id: string; accountId: string },
): Promise<JobRecord | undefined> {
  let after: string | undefined;
  for (let page = 0; page < pagesMax; page += 1) {
    const query = { accountId: file.accountId, statuses: ['preparing'] as const, limit: limits.pageItemsMax, after };
    const jobs = await stores.jobs.list(query);
    const user = jobs.find((job) => job.spec.training_file === file.id);
    if (user || jobs.length < limits.pageItemsMax) return user;
    after = jobs.at(-1)?.id;
  }
  return undefined;
}

export const deleteFile = route({
  method: 'delete',
  path: '/v1/files/:file_id',
  tag: 'Files',
  operationId: 'deleteFile',
  summary: 'Delete a file',
  description: 'Jobs that are past `preparing` have parts of their own and go on.',
  auth: 'key',
  scopes: ['jobs:write'],
  request: { params: FileParams },
  response: Deleted,
  status: 200,
  errors: ['file_not_found', 'file_in_use'],
  async handle({ deps, caller, params }) {
    const file = await findFile(deps.stores, { fileId: params.file_id, accountId: caller.accountId });
    const user = await preparingFrom(deps.stores, file);
    if (user) throw new AppError('file_in_use', `The job ${user.id} still prepares from this file.`);
    await deps.stores.files.delete(file.id);
    await releaseBlobs(deps, [file]);
    return { id: file.id, object: 'file', deleted: true as const };
  },
});
