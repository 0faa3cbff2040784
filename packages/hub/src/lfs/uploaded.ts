import { AppError, type BlobRef } from '@agon/contracts';
import type { HubRepoRecord } from '@agon/store';
import type { Operation } from '../commits/operations.ts';
import type { HubDeps } from '../hub-deps.ts';

const looksAtOnce = 64;

/** The sizes of those blobs that are in the store. */
export async function sizesOf(
  artifacts: HubDeps['artifacts'],
  sha256s: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  for (let start = 0; start < sha256s.length; start += looksAtOnce) {
    const some = sha256s.slice(start, start + looksAtOnce);
    const facts = await Promise.all(some.map((sha256) => artifacts.stat(sha256)));
    for (const [index, sha256] of some.entries()) {
      const bytes = facts[index]?.bytes;
      if (bytes !== undefined) sizes.set(sha256, bytes);
    }
  }
  return sizes;
}

/**
 * Which of these blobs the account need not send: those that it has already, and that are in the store. That a stranger
 * has sent the same bytes does not count, or a hash would be enough to read what one never had.
 */
export async function alreadyThere(
  deps: Pick<HubDeps, 'stores' | 'artifacts'>,
  { accountId, sha256s }: { accountId: string; sha256s: readonly string[] },
): Promise<ReadonlyMap<string, number>> {
  const owned = await deps.stores.hub.blobs.listOwned({ accountId, sha256s });
  return sizesOf(deps.artifacts, [...owned]);
}

/**
 * The same operations with the sizes of large files.
 *
 * @throws AppError `blob_not_uploaded` where the account has not sent the bytes.
 */
export async function checkUploaded(
  deps: Pick<HubDeps, 'stores' | 'artifacts'>,
  accountId: string,
  operations: readonly Operation[],
): Promise<Operation[]> {
  const sha256s = operations.flatMap((operation) => (operation.kind === 'lfs' ? [operation.sha256] : []));
  const sizes = await alreadyThere(deps, { accountId, sha256s: [...new Set(sha256s)] });
  return operations.map((operation) => {
    if (operation.kind !== 'lfs') return operation;
    const bytes = sizes.get(operation.sha256);
    if (bytes === undefined || bytes !== (operation.bytes ?? bytes)) {
      throw new AppError('blob_not_uploaded', `The bytes of ${operation.path} were not uploaded.`);
    }
    return { ...operation, bytes };
  });
}

/** How long a blob that no commit names yet is kept. */
export const pendingMs = 24 * 60 * 60 * 1_000;

/** Lets a repo hold blobs, for ever where there is no time. */
export function holdBlobs(
  { stores }: Pick<HubDeps, 'stores'>,
  { id: repoId, accountId }: Pick<HubRepoRecord, 'id' | 'accountId'>,
  { blobs, expiresAt }: { blobs: readonly BlobRef[]; expiresAt: Date | null },
): Promise<void> {
  return stores.hub.blobs.hold(blobs.map(({ sha256, bytes }) => ({ repoId, accountId, sha256, bytes, expiresAt })));
}

/** Keeps a blob for a repo until a commit names it. */
export async function holdPending(
  deps: Pick<HubDeps, 'stores' | 'clock'>,
  { repoId: id, accountId }: { repoId: string; accountId: string },
  blob: BlobRef,
): Promise<void> {
  const expiresAt = new Date(deps.clock.nowMs() + pendingMs);
  await holdBlobs(deps, { id, accountId }, { blobs: [blob], expiresAt });
}
