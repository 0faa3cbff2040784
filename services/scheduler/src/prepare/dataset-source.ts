import type { DatasetSource } from '@agon/dataset';
import type { ArtifactStore, ByteSource, JobRecord } from '@agon/store';
import type { JobWatch } from './job-watch.ts';

/** The client's file, read in pieces; each piece is a chance to notice that the job was cancelled. */
export function datasetSource(input: { artifacts: ArtifactStore; job: JobRecord; watch: JobWatch }): DatasetSource {
  const { sha256, bytes, filename } = input.job.source;
  return {
    filename,
    bytes,
    open: () => watched(input.artifacts.read(sha256), input.watch),
    localPath: () => input.artifacts.localPath(sha256),
  };
}

/** The same bytes; ends with JobLeftError when the job is no longer preparing. */
export async function* watched(bytes: ByteSource, watch: JobWatch): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    await watch.check();
    yield chunk;
  }
}
