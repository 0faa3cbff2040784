import { createHash } from 'node:crypto';
import { type HandlerOutcome, isFinalJob, limits, webhookEventsOf } from '@agon/contracts';
import type { JobRecord, WebhookDeliveryRecord, WebhookRecord } from '@agon/store';
import { nowDate, type SchedulerDeps } from '../scheduler-deps.ts';

const hashDigits = 12;

/**
 * The id of a delivery, which is the id of the event for its receiver: the same whenever it is planned, and in the order
 * of jobs.
 */
export function deliveryIdOf(delivery: Pick<WebhookDeliveryRecord, 'webhookId' | 'jobId' | 'type'>): string {
  const { webhookId, jobId, type } = delivery;
  const hash = createHash('sha256').update(`${webhookId} ${type}`).digest('hex').slice(0, hashDigits);
  return `evt_${jobId.slice('job_'.length)}${hash}`;
}

function deliveriesOf(webhook: WebhookRecord, job: JobRecord, now: Date): WebhookDeliveryRecord[] {
  const types = webhookEventsOf(job).filter((type) => webhook.events.includes(type));
  return types.map((type) => ({
    id: deliveryIdOf({ webhookId: webhook.id, jobId: job.id, type }),
    webhookId: webhook.id,
    jobId: job.id,
    type,
    status: 'pending',
    attempts: 0,
    nextAttemptAt: now,
    responseStatus: null,
    message: null,
    createdAt: now,
    expiresAt: new Date(now.getTime() + limits.webhookDeliveryKeptMs),
  }));
}

/**
 * Writes down which webhooks hear of the end of a job, and asks for the deliveries. Safe to deliver twice: a delivery has
 * one id. The job is marked last, so what a crash leaves out the reconciler asks for again.
 */
export async function planWebhooks(deps: SchedulerDeps, { jobId }: { jobId: string }): Promise<HandlerOutcome> {
  const job = await deps.stores.jobs.find(jobId);
  if (!job || !isFinalJob(job.status)) return 'skipped';
  const query = { accountId: job.accountId, limit: limits.webhooksPerAccountMax };
  const webhooks = await deps.stores.webhooks.list(query);
  const deliveries = webhooks.flatMap((webhook) => deliveriesOf(webhook, job, nowDate(deps)));
  const added: string[] = [];
  for (const delivery of deliveries) if (await deps.stores.webhooks.insertDelivery(delivery)) added.push(delivery.id);
  await deps.stores.jobs.markAnnounced(job.id);
  for (const deliveryId of added) await deps.queue.add('webhook.deliver', { deliveryId });
  return added.length > 0 ? 'done' : 'skipped';
}

/** Asks for the plan of a job that has just ended; where it is lost, the reconciler asks. */
export async function askForWebhooks(deps: SchedulerDeps, jobId: string): Promise<void> {
  try {
    await deps.queue.add('webhook.plan', { jobId });
  } catch (error) {
    deps.log.warn({ jobId, err: error }, 'webhooks wait for the reconciler');
  }
}
