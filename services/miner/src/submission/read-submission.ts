import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommitSubmission, type SubmissionFile, TrainerSubmission } from '@agon/contracts';
import { inside } from '@agon/kit';

/** What a trainer left in `out/` is not a submission; the message says why. */
export class SubmissionError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SubmissionError';
  }
}

/**
 * Reads `out/submission.json`, checks every file that it names and hashes them.
 *
 * @throws SubmissionError for a missing or wrong manifest, a file that is missing, empty, a link, or too large in all.
 */
export async function readSubmission(
  outFolder: string,
  options: { bytesMax: number },
): Promise<Pick<CommitSubmission, 'format' | 'files'>> {
  const manifest = await readManifest(join(outFolder, 'submission.json'));
  const files: SubmissionFile[] = [];
  for (const path of new Set(manifest.files)) files.push(await readFileEntry(outFolder, path));
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (bytes > options.bytesMax) {
    throw new SubmissionError(`The submission has ${bytes} bytes; the job allows ${options.bytesMax}.`);
  }
  return { format: manifest.format, files };
}

async function readManifest(path: string): Promise<TrainerSubmission> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) throw new SubmissionError('The trainer ended without out/submission.json.');
  try {
    return TrainerSubmission.parse(JSON.parse(text));
  } catch (error) {
    throw new SubmissionError(
      `out/submission.json is wrong: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** @throws SubmissionError */
export async function readFileEntry(outFolder: string, path: string): Promise<SubmissionFile> {
  const full = inside(outFolder, path);
  const stats = await lstat(full).catch(() => undefined);
  if (!stats) throw new SubmissionError(`out/${path} is named in submission.json but is not there.`);
  if (!stats.isFile()) throw new SubmissionError(`out/${path} is not a plain file.`);
  if (stats.size === 0) throw new SubmissionError(`out/${path} is empty.`);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(full)) hash.update(chunk as Uint8Array);
  return { path, bytes: stats.size, sha256: hash.digest('hex') };
}
