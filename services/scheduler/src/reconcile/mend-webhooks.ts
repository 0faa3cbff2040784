import { nowDate, type SchedulerDeps } from '../scheduler-deps.ts';

const batch = 200;

/**
 * Asks again for what the queue lost of webhooks: the plan of jobs that have ended, and deliveries that are due. Answers
 * for how many it asked.
 */
export async function mendWebhooks(deps: SchedulerDeps): Promise<number> {
  const jobs = await deps.stores.jobs.listUnannounced({ limit: batch });
  for (const job of jobs) await deps.queue.add('webhook.plan', { jobId: job.id });
  const due = await deps.stores.webhooks.listDue({ now: nowDate(deps), limit: batch });
  for (const delivery of due) await deps.queue.add('webhook.deliver', { deliveryId: delivery.id });
  return jobs.length + due.length;
}
