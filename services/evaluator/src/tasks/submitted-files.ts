import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { ModelFile } from '@agon/language';
import { OnnxRejection } from '@agon/onnx';
import type { SubmissionRecord } from '@agon/store';
import type { EvaluatorDeps } from '../evaluator-deps.ts';

type SubmittedFile = SubmissionRecord['files'][number];

/**
 * The files of a submission that `wanted` names, by their names beside `anchor`, with their sizes and hashes checked
 * against what was committed. Others, such as tokenizers, are left alone. Trainers may put all into one folder.
 *
 * @param anchor a file that must be there, once.
 * @throws OnnxRejection `file_missing`, `model_too_large`, `hash_mismatch`; Error where the store does not give the file.
 */
export async function submittedFiles(
  deps: EvaluatorDeps,
  submission: SubmissionRecord,
  { anchor, wanted }: { anchor: string; wanted: (name: string) => boolean },
): Promise<ModelFile[]> {
  const folder = folderOf(submission, anchor);
  const files = submission.files.filter(({ path }) => path.startsWith(folder) && wanted(path.slice(folder.length)));
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const bytesMax = deps.limits.submissionBytesMax;
  if (bytes > bytesMax) {
    throw new OnnxRejection('model_too_large', `The model has ${bytes} bytes; the limit is ${bytesMax}.`);
  }
  const checked: ModelFile[] = [];
  for (const file of files) {
    checked.push({ path: file.path.slice(folder.length), localPath: await checkedPath(deps, file) });
  }
  return checked;
}

/** `''` or a folder with a slash at its end. */
function folderOf(submission: SubmissionRecord, anchor: string): string {
  const paths = submission.files.map((file) => file.path);
  const [found, ...others] = paths.filter((path) => path === anchor || path.endsWith(`/${anchor}`));
  if (found !== undefined && others.length === 0) return found.slice(0, found.length - anchor.length);
  const many = found === undefined ? 'no' : 'more than one';
  throw new OnnxRejection(
    'file_missing',
    `The format ${submission.format} has one ${anchor}; there is ${many} such file among: ${paths.join(', ')}.`,
  );
}

async function checkedPath(deps: EvaluatorDeps, file: SubmittedFile): Promise<string> {
  const localPath = await deps.artifacts.localPath(file.sha256);
  const { size } = await stat(localPath);
  if (size === file.bytes && (await sha256Of(localPath)) === file.sha256) return localPath;
  throw new OnnxRejection(
    'hash_mismatch',
    `${file.path} differs from what was committed: ${file.bytes} bytes with the sha256 ${file.sha256}.`,
  );
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}
