import type { HandlerOutcome } from '@agon/contracts';
import { settleCommits } from '@agon/hub';
import type { SchedulerDeps } from '../scheduler-deps.ts';
import { buildCollectGarbage } from './collect-garbage.ts';
import { expireFileUploads } from './expire-file-uploads.ts';
import { expireFiles } from './expire-files.ts';
import { expireUploads } from './expire-uploads.ts';
import { buildMendJobs } from './mend-jobs.ts';
import { mendLeftovers } from './mend-leftovers.ts';
import { mendPushes } from './mend-pushes.ts';
import { mendWebhooks } from './mend-webhooks.ts';
import { purgeRepos } from './purge-repos.ts';
import { buildSweepFinalJobs } from './sweep-final-jobs.ts';

/**
 * Rebuilds from the database whatever the queue lost, and finishes what a crash left half done. A pass is bounded; a step
 * that fails does not keep the others from running.
 *
 * @throws AggregateError of what failed, after all steps.
 */
export function buildReconcile(deps: SchedulerDeps): () => Promise<HandlerOutcome> {
  const mendJobs = buildMendJobs(deps);
  const sweepFinalJobs = buildSweepFinalJobs(deps);
  const collectGarbage = buildCollectGarbage(deps);
  let known: ReadonlySet<string> = new Set();

  const steps: Readonly<Record<string, () => Promise<number>>> = {
    events: () => deps.stores.events.repair(),
    jobs: async () => {
      known = await mendJobs();
      return known.size;
    },
    leftovers: () => mendLeftovers(deps, known),
    uploads: () => expireUploads(deps),
    pushes: () => mendPushes(deps),
    fileUploads: () => expireFileUploads(deps),
    files: () => expireFiles(deps),
    webhooks: () => mendWebhooks(deps),
    finalJobs: sweepFinalJobs,
    repos: () => purgeRepos(deps),
    commits: () => settleCommits(deps),
    blobs: collectGarbage,
  };

  return async () => {
    known = new Set();
    const counts: Record<string, number> = {};
    const failures: unknown[] = [];
    for (const [name, step] of Object.entries(steps)) {
      try {
        counts[name] = await step();
      } catch (error) {
        failures.push(error);
      }
    }
    deps.log.debug(counts, 'reconciled');
    if (failures.length > 0) throw new AggregateError(failures, 'Not everything could be reconciled.');
    return 'done';
  };
}
