/**
 * Datasets as streams: tells formats apart, validates with row numbers, splits into parts by a secret, reads parts.
 * The decisions are those of packages/domain. May import contracts and domain. The API, the scheduler, the evaluator
 * and the command line call it.
 */
export { type DatasetSource, sourceOfBytes, sourceOfFile } from './dataset-source.ts';
export { inspectDataset } from './inspect-dataset.ts';
export type { DatasetWish, Inspection, InspectionRefusal, TableInspection, TextInspection } from './inspection.ts';
export type { WritePart } from './part-writers.ts';
export { type PreparedDataset, prepareDataset } from './prepare-dataset.ts';
export { readPart, readPartTarget, type TableColumns } from './read-part.ts';
export { recomputeCommitment } from './recompute-commitment.ts';
export { cleanText } from './text/clean-text.ts';
export { isTextTask, readTextPart, type TextRowOf, type TextTask, textPartRows } from './text/read-text-part.ts';
