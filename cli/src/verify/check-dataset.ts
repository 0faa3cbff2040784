import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ReceiptBody } from '@agon/contracts';
import { type DatasetSource, type DatasetWish, recomputeCommitment } from '@agon/dataset';
import { CommandError } from '../context.ts';
import type { Check } from './verify-receipt.ts';

/** A file of this machine as a dataset. @throws CommandError where it is not there. */
export async function fileSource(path: string): Promise<DatasetSource> {
  const stats = await stat(path).catch(() => undefined);
  if (!stats?.isFile()) throw new CommandError(`There is no file ${path}.`);
  return {
    filename: basename(path),
    bytes: stats.size,
    open: () => createReadStream(path),
    localPath: async () => path,
  };
}

/** The file is the one that was posted, and its split with the receipt's secret is the one that was promised. */
export async function checkDataset(body: ReceiptBody, path: string): Promise<Check[]> {
  const source = await fileSource(path);
  const hash = createHash('sha256');
  for await (const chunk of source.open()) hash.update(chunk);
  const same = hash.digest('hex') === body.dataset.sha256;
  const fileCheck = {
    name: 'dataset',
    ok: same,
    message: same ? 'is the file that was posted' : 'is another file than the one that was posted',
  };
  return same ? [fileCheck, await checkSplit(body, source)] : [fileCheck];
}

/** What the client said about the dataset, as the receipt has it. */
export const wishOf = (body: ReceiptBody): DatasetWish => ({
  task: body.job.task,
  target: body.table?.target,
  columns: body.dataset.columns,
  ignoreColumns: body.dataset.ignore_columns,
});

async function checkSplit(body: ReceiptBody, source: DatasetSource): Promise<Check> {
  const commitment = await recomputeCommitment(source, { ...wishOf(body), splitSecret: body.split.secret });
  const ok = commitment === body.split.commitment;
  const message = ok ? 'is the one that was committed to before the race' : 'is not the one that was committed to';
  return { name: 'split', ok, message };
}
