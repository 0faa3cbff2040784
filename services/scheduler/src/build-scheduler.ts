import type { QueueHandlers } from '@agon/contracts';
import { judgeJob } from './judge/judge-job.ts';
import { expireLeases } from './lease/expire-leases.ts';
import { prepareJob } from './prepare/prepare-job.ts';
import { publishJob } from './publish/publish-job.ts';
import { deliverPush } from './push/deliver-push.ts';
import { buildReconcile } from './reconcile/reconcile.ts';
import type { SchedulerDeps } from './scheduler-deps.ts';
import { buildDeliverWebhook } from './webhook/deliver-webhook.ts';
import { planWebhooks } from './webhook/plan-webhooks.ts';

export type SchedulerHandlers = QueueHandlers<
  | 'job.prepare'
  | 'job.judge'
  | 'job.publish'
  | 'job.push'
  | 'lease.expire'
  | 'webhook.plan'
  | 'webhook.deliver'
  | 'reconcile'
>;

/** The handlers of everything in a job's life that is neither training nor scoring. */
export function buildScheduler(deps: SchedulerDeps): SchedulerHandlers {
  return {
    'job.prepare': (payload) => prepareJob(deps, payload),
    'job.judge': (payload) => judgeJob(deps, payload),
    'job.publish': (payload) => publishJob(deps, payload),
    'job.push': (payload) => deliverPush(deps, payload),
    'lease.expire': (payload) => expireLeases(deps, payload),
    'webhook.plan': (payload) => planWebhooks(deps, payload),
    'webhook.deliver': buildDeliverWebhook(deps),
    reconcile: buildReconcile(deps),
  };
}
