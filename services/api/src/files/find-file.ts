import { AppError } from '@agon/contracts';
import type { FileRecord, Stores } from '@agon/store';

/** @throws AppError `file_not_found`, also where the file is another account's. */
export async function findFile(
  stores: Pick<Stores, 'files'>,
  owned: { fileId: string; accountId: string },
  param?: string,
): Promise<FileRecord> {
  const file = await stores.files.find(owned.fileId);
  if (file?.accountId === owned.accountId) return file;
  throw new AppError('file_not_found', `There is no file ${owned.fileId}.`, param === undefined ? {} : { param });
}
