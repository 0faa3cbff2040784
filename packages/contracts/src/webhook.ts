import { z } from 'zod';
import { idOf, UnixSeconds } from './ids.ts';
import type { JobStatus } from './job-status.ts';
import { limits } from './limits.ts';
import { isFineTuningTask, type TaskName } from './task.ts';

/** What is told to webhooks: the ends of jobs, in OpenAI's words where the job fine-tunes, and in ours for every job. */
export const WebhookEventType = z
  .enum([
    ...(['fine_tuning.job.succeeded', 'fine_tuning.job.failed', 'fine_tuning.job.cancelled'] as const),
    ...(['job.succeeded', 'job.failed', 'job.cancelled'] as const),
  ])
  .meta({ id: 'WebhookEventType' });
export type WebhookEventType = z.infer<typeof WebhookEventType>;

/** The events that the end of a job is. */
export function webhookEventsOf(job: { status: JobStatus; task: TaskName }): WebhookEventType[] {
  const names = [...(isFineTuningTask(job.task) ? [`fine_tuning.job.${job.status}`] : []), `job.${job.status}`];
  return names.flatMap((name) => WebhookEventType.safeParse(name).data ?? []);
}

export const WebhookId = idOf('webhook');
/** A delivery has the id of the event that its receiver reads. */
export const WebhookDeliveryId = idOf('event');

export const CreateWebhook = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .max(limits.webhookUrlCharactersMax)
      .describe('where events are posted; public addresses only, unless the operator allows others'),
    events: z.array(WebhookEventType).min(1).max(WebhookEventType.options.length),
  })
  .meta({ id: 'CreateWebhook' });
export type CreateWebhook = z.infer<typeof CreateWebhook>;

export const Webhook = z
  .object({
    id: WebhookId,
    object: z.literal('webhook'),
    url: z.string(),
    events: z.array(WebhookEventType),
    created_at: UnixSeconds,
    secret: z.string().optional().describe('signs what is posted; only in the answer to its creation'),
  })
  .meta({ id: 'Webhook' });
export type Webhook = z.infer<typeof Webhook>;

export const WebhookDeliveryStatus = z.enum(['pending', 'delivered', 'failed']);
export type WebhookDeliveryStatus = z.infer<typeof WebhookDeliveryStatus>;

export const WebhookDelivery = z
  .object({
    id: WebhookDeliveryId,
    object: z.literal('webhook.delivery'),
    type: WebhookEventType,
    job: z.string(),
    status: WebhookDeliveryStatus,
    attempts: z.int(),
    /** When it is tried again; null where it has ended. */
    next_attempt_at: UnixSeconds.nullable(),
    /** Of the last attempt; null where nobody answered. */
    response_status: z.int().nullable(),
    /** How the last attempt went. */
    message: z.string().nullable(),
    created_at: UnixSeconds,
  })
  .meta({ id: 'WebhookDelivery' });
export type WebhookDelivery = z.infer<typeof WebhookDelivery>;

/** What is posted: OpenAI's form of an event. */
export const WebhookEvent = z
  .object({
    id: WebhookDeliveryId,
    object: z.literal('event'),
    created_at: UnixSeconds,
    type: WebhookEventType,
    data: z.object({ id: z.string() }),
  })
  .meta({ id: 'WebhookEvent' });
export type WebhookEvent = z.infer<typeof WebhookEvent>;
