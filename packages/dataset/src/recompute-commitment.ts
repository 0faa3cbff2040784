import { AppError } from '@agon/contracts';
import type { DatasetSource } from './dataset-source.ts';
import { inspectDataset } from './inspect-dataset.ts';
import type { DatasetWish } from './inspection.ts';
import { splitDataset } from './split-dataset.ts';

/**
 * Splits a dataset again as a receipt says, without writing parts: what anyone with the dataset can check.
 *
 * @returns the commitment, to be compared with the receipt's.
 * @throws AppError with the code of the refusal where the dataset cannot be learnt by these wishes; the task may be any.
 */
export async function recomputeCommitment(
  source: DatasetSource,
  input: DatasetWish & { splitSecret: string },
  options: { signal?: AbortSignal | undefined } = {},
): Promise<string> {
  const inspection = await inspectDataset(source, input, options);
  if (!inspection.ok) {
    throw new AppError(inspection.error.code, inspection.error.message, { problems: inspection.problems });
  }
  const { splitSecret } = input;
  const { commitment } = await splitDataset({ source, inspection, splitSecret, signal: options.signal });
  return commitment;
}
