import type { BlobRef } from '@agon/contracts';
import type { BaseModelRecord, EvaluationRecord, JobChange, ModelRecord, RunChange } from '../ports/index.ts';

const hashes = (blobs: readonly (BlobRef | null | undefined)[]): string[] => [
  ...new Set(blobs.flatMap((blob) => (blob ? [blob.sha256] : []))),
];

/**
 * The blobs that fields of a job refer to: its parts, what the baseline predicted, the receipt. Not the dataset: its file
 * holds that, and cannot be deleted while the job still reads it; afterwards deleting the file really deletes its bytes.
 */
export const blobsOfJob = ({ parts, baseline, receipt }: JobChange): string[] =>
  hashes([
    ...(parts ? [parts.train, parts.selection, parts.report] : []),
    ...(baseline ? [baseline.selection.outcome, baseline.report.outcome] : []),
    receipt,
  ]);

export const blobsOfRun = ({ submission }: RunChange): string[] => hashes(submission?.files ?? []);

export const blobsOfEvaluation = ({ selection, report }: EvaluationRecord): string[] =>
  hashes([selection?.outcome, report?.outcome]);

export const blobsOfModel = ({ files }: ModelRecord): string[] => hashes(files);

export const blobsOfBaseModel = ({ files }: BaseModelRecord): string[] => hashes(files);
