import { purgeRepo } from '@agon/hub';
import type { SchedulerDeps } from '../scheduler-deps.ts';

const reposPerPass = 20;

/** Goes on with deletions of repos that a crash interrupted; answers how many. */
export async function purgeRepos({ stores }: Pick<SchedulerDeps, 'stores'>): Promise<number> {
  const repos = await stores.hub.repos.listDeleted(reposPerPass);
  for (const repo of repos) await purgeRepo(stores, repo.id);
  return repos.length;
}
