import type { BlobRef, DatasetReport, PartName } from '@agon/contracts';
import type { DatasetSource } from './dataset-source.ts';
import type { Inspection } from './inspection.ts';
import { PartWriters, type WritePart } from './part-writers.ts';
import { rowsOf } from './rows-of.ts';
import { splitDataset } from './split-dataset.ts';

export type PreparedDataset = {
  readonly parts: Record<PartName, BlobRef & { rows: number }>;
  /** Published when the job opens; see `splitCommitment`. */
  readonly commitment: string;
  readonly report: DatasetReport;
};

/**
 * Splits an inspected dataset and writes its parts as docs/trainer-contract.md has them, rows in file order: tables as
 * canonical CSV (the columns of the table, then the target), texts as JSON Lines. The three parts are written at the
 * same time, each as one stream.
 *
 * @param options.splitSecret 64 hex digits.
 * @throws AppError `preparation_failed` where the source is not what was inspected; whatever a store throws; the
 * signal's reason when it is aborted.
 */
export async function prepareDataset(
  source: DatasetSource,
  inspection: Inspection,
  options: { splitSecret: string; write: WritePart; signal?: AbortSignal | undefined },
): Promise<PreparedDataset> {
  const writers = new PartWriters(options.write, rowsOf(source, inspection).partHead);
  try {
    const { plan, duplicates, commitment } = await splitDataset({
      source,
      inspection,
      splitSecret: options.splitSecret,
      signal: options.signal,
      onRow: (part, record) => writers.add(part, record),
      onBatch: () => writers.flush(),
    });
    const parts = await writers.finish();
    const rows_dropped = { ...inspection.report.rows_dropped, duplicates };
    return {
      parts,
      commitment,
      report: { ...inspection.report, rows_dropped, parts: plan.parts },
    };
  } catch (error) {
    await writers.abandon(error);
    throw error;
  }
}
