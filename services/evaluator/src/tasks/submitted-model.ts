import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { OnnxRejection } from '@agon/onnx';
import type { SubmissionRecord } from '@agon/store';
import type { EvaluatorDeps } from '../evaluator-deps.ts';

export type SubmittedModel = { readonly bytes: Uint8Array; readonly localPath: string };

/**
 * The one file of a submission in the format `onnx`, with its size and hash checked against what was committed.
 *
 * @throws OnnxRejection `file_missing`, `model_too_large`, `hash_mismatch`; Error where the store does not give the file.
 */
export async function submittedModel(deps: EvaluatorDeps, submission: SubmissionRecord): Promise<SubmittedModel> {
  const file = onlyFile(submission);
  const bytesMax = deps.limits.submissionBytesMax;
  if (file.bytes > bytesMax) {
    throw new OnnxRejection('model_too_large', `${file.path} has ${file.bytes} bytes; the limit is ${bytesMax}.`);
  }
  const localPath = await deps.artifacts.localPath(file.sha256);
  const { size } = await stat(localPath);
  const bytes = size === file.bytes ? await readFile(localPath) : undefined;
  if (bytes && createHash('sha256').update(bytes).digest('hex') === file.sha256) return { bytes, localPath };
  throw new OnnxRejection(
    'hash_mismatch',
    `${file.path} differs from what was committed: ${file.bytes} bytes with the sha256 ${file.sha256}.`,
  );
}

function onlyFile(submission: SubmissionRecord): SubmissionRecord['files'][number] {
  const models = submission.files.filter((file) => file.path.toLowerCase().endsWith('.onnx'));
  const [file] = models;
  if (submission.format === 'onnx' && file && models.length === 1 && submission.files.length === 1) return file;
  const names = submission.files.map((each) => each.path).join(', ');
  throw new OnnxRejection(
    'file_missing',
    `The format onnx is exactly one file that ends in .onnx; there were: ${names}.`,
  );
}
