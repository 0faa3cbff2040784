import type { HubRepoRecord, HubStores } from '@agon/store';

export type MemoryHub = HubStores & {
  /** Repos that are being deleted. */
  readonly deletedRepos: Map<string, HubRepoRecord>;
  /** What was deleted, in order: `refs repo_00000001`. */
  readonly deletions: string[];
};

/** The registry's stores, as far as the scheduler calls them. */
export function memoryHub(unused: <T extends object>() => T): MemoryHub {
  const deletedRepos: MemoryHub['deletedRepos'] = new Map();
  const deletions: string[] = [];
  const noting = (what: string) => ({
    deleteByRepo: async (repoId: string) => void deletions.push(`${what} ${repoId}`),
  });
  return {
    deletedRepos,
    deletions,
    refs: { ...unused<HubStores['refs']>(), ...noting('refs') },
    commits: { ...unused<HubStores['commits']>(), ...noting('commits'), listUnsettled: async () => [] },
    blobs: { ...unused<HubStores['blobs']>(), ...noting('blobs') },
    uploads: { ...unused<HubStores['uploads']>(), ...noting('uploads') },
    repos: {
      ...unused<HubStores['repos']>(),
      listDeleted: async (limit) => [...deletedRepos.values()].slice(0, limit),
      async remove(repoId) {
        deletedRepos.delete(repoId);
        deletions.push(`repo ${repoId}`);
      },
    },
  };
}
