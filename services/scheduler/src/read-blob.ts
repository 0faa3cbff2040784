import type { ArtifactStore } from '@agon/store';

/** A small blob as one piece; outcomes have at most a few MiB. */
export async function readBlob(artifacts: Pick<ArtifactStore, 'read'>, sha256: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of artifacts.read(sha256)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
