import { createHash } from 'node:crypto';
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
  const bytes = await readBlob(deps, file);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== file.sha256 || bytes.length !== file.bytes) {
    throw new OnnxRejection(
      'hash_mismatch',
      `${file.path} differs from what was committed: ${file.bytes} bytes with the sha256 ${file.sha256}.`,
    );
  }
  return { bytes, localPath: await deps.artifacts.localPath(file.sha256) };
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

/** At most one byte more than was committed is read. */
async function readBlob(deps: EvaluatorDeps, file: { sha256: string; bytes: number }): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of deps.artifacts.read(file.sha256, { start: 0, end: file.bytes + 1 })) chunks.push(chunk);
  return Buffer.concat(chunks);
}
