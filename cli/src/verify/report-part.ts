import type { BlobRef, ReceiptBody } from '@agon/contracts';
import { inspectDataset, prepareDataset } from '@agon/dataset';
import { CommandError } from '../context.ts';
import { fileSource, wishOf } from './check-dataset.ts';

/**
 * The report part of a dataset as the service wrote it, split with the secret of the receipt; the other parts are drained.
 *
 * @throws CommandError where the dataset is not there or is refused.
 */
export async function reportPart(body: ReceiptBody, path: string): Promise<AsyncIterable<Uint8Array>> {
  const source = await fileSource(path);
  const inspection = await inspectDataset(source, wishOf(body));
  if (!inspection.ok) throw new CommandError(inspection.error.message);
  const kept: Uint8Array[] = [];
  const write = async (name: string, part: AsyncIterable<Uint8Array>): Promise<BlobRef> => {
    let bytes = 0;
    for await (const chunk of part) {
      bytes += chunk.length;
      if (name === 'report') kept.push(chunk);
    }
    return { sha256: '0'.repeat(64), bytes };
  };
  await prepareDataset(source, inspection, { splitSecret: body.split.secret, write });
  return (async function* () {
    yield* kept;
  })();
}
