import type { Stores } from '@agon/store';

/**
 * Removes what belongs to a repo that was marked as deleted, itself last, so that a crash leaves something to go on from.
 * Its blobs are collected unless something else refers to them.
 */
export async function purgeRepo({ hub }: Pick<Stores, 'hub'>, repoId: string): Promise<void> {
  await hub.refs.deleteByRepo(repoId);
  await hub.commits.deleteByRepo(repoId);
  await hub.uploads.deleteByRepo(repoId);
  await hub.blobs.deleteByRepo(repoId);
  await hub.repos.remove(repoId);
}
