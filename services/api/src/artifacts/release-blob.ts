import type { BlobRef } from '@agon/contracts';
import type { AppDeps } from '../deps.ts';

/** Deletes blobs that nothing refers to any more. What a failure leaves behind, the reconciler collects. */
export async function releaseBlobs(
  deps: Pick<AppDeps, 'stores' | 'artifacts' | 'log'>,
  blobs: readonly (Pick<BlobRef, 'sha256'> | null | undefined)[],
): Promise<void> {
  const hashes = new Set(blobs.flatMap((blob) => (blob ? [blob.sha256] : [])));
  for (const sha256 of hashes) {
    try {
      if (!(await deps.stores.isReferenced(sha256))) await deps.artifacts.delete(sha256);
    } catch (error) {
      deps.log.warn({ sha256, err: error }, 'a blob could not be released');
    }
  }
}
