import { open } from 'node:fs/promises';
import { ApiError, type MinerClient } from '@agon/client';
import type { CommitSubmission, CommittedSubmission } from '@agon/contracts';
import { inside } from '@agon/kit';

/** As large as the parts of an artifact store on S3, so that none has to be put together. */
const chunkBytes = 8 * 1024 * 1024;

/**
 * Commits the hashes, sends every file from where its upload stands, and finishes. Safe to call again after a crash or
 * a broken connection: the service answers the same uploads for the same commit.
 */
export async function sendSubmission(
  client: MinerClient,
  input: { runId: string; outFolder: string; commit: CommitSubmission },
): Promise<void> {
  const committed = await client.commit(input.runId, input.commit);
  for (const upload of committed.uploads) await sendFile(client, inside(input.outFolder, upload.path), upload);
  await client.finish(input.runId, input.commit.fence);
}

/** An upload that was discarded for a wrong hash, or stands elsewhere than we thought, is sent again. */
export const worthAnotherTry = (error: unknown): boolean =>
  !(error instanceof ApiError) ||
  error.retryable ||
  ['upload_hash_mismatch', 'upload_offset_mismatch', 'submission_incomplete'].includes(error.code);

async function sendFile(
  client: MinerClient,
  path: string,
  upload: CommittedSubmission['uploads'][number],
): Promise<void> {
  const file = await open(path, 'r');
  try {
    let offset = upload.offset < upload.bytes ? await client.uploadOffset(upload.url) : upload.offset;
    while (offset < upload.bytes) {
      const bytes = Buffer.alloc(Math.min(chunkBytes, upload.bytes - offset));
      const { bytesRead } = await file.read(bytes, 0, bytes.length, offset);
      const next = await client.uploadChunk(upload.url, { offset, bytes: bytes.subarray(0, bytesRead) });
      if (!(next > offset)) throw new Error(`The service takes no more than ${offset} bytes of ${upload.path}.`);
      offset = next;
    }
  } finally {
    await file.close();
  }
}
