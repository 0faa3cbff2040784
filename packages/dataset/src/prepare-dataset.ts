import type { BlobRef, DatasetReport, PartName } from '@agon/contracts';
import { deriveNeeds } from '@agon/domain';
import type { DatasetSource } from './dataset-source.ts';
import type { Inspection } from './inspection.ts';
import { PartWriters, type WritePart } from './part-writers.ts';
import { splitDataset } from './split-dataset.ts';

export type PreparedDataset = {
  readonly parts: Record<PartName, BlobRef & { rows: number }>;
  /** Published when the job opens; see `splitCommitment`. */
  readonly commitment: string;
  readonly report: DatasetReport;
  readonly needs: { memoryMib: number; vramMib: number; cpus: number };
};

/**
 * Splits an inspected dataset and writes its parts as the canonical CSV of docs/trainer-contract.md: the columns of the
 * table, then the target; rows in file order. The three parts are written at the same time, each as one stream.
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
  const { table } = inspection;
  const writers = new PartWriters(options.write, [...table.columns.map(({ name }) => name), table.target]);
  try {
    const { plan, duplicates, commitment } = await splitDataset({
      source,
      inspection,
      splitSecret: options.splitSecret,
      signal: options.signal,
      onRow: (part, row) => writers.add(part, [...row.cells, row.target]),
      onBatch: () => writers.flush(),
    });
    const parts = await writers.finish();
    const rows_dropped = { ...inspection.report.rows_dropped, duplicates };
    return {
      parts,
      commitment,
      report: { ...inspection.report, rows_dropped, parts: plan.parts },
      needs: deriveNeeds({
        task: inspection.task,
        trainBytes: parts.train.bytes,
        rows: parts.train.rows,
        columns: table.columns.length,
      }),
    };
  } catch (error) {
    await writers.abandon(error);
    throw error;
  }
}
