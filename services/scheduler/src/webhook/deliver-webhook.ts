import { type HandlerOutcome, limits, type WebhookEvent } from '@agon/contracts';
import { openWebhookSecret, SealError, signWebhook, unixSeconds } from '@agon/kit';
import type { WebhookDeliveryRecord, WebhookRecord } from '@agon/store';
import { nowDate, type SchedulerDeps } from '../scheduler-deps.ts';
import type { PostAnswer, Posting } from './post-event.ts';
import { retryDelayMs } from './retry-delay.ts';

/** Longer than an attempt takes; whoever claimed a delivery and died loses it then. */
const holdMs = 4 * limits.webhookAttemptMs;
const gone = 410;

/** Of one account at a time in this process: the rest of the places are for others, however many targets hang. */
const postingsOfAccountMax = 4;

/**
 * Posts one event to one webhook. An attempt is claimed by a time until which nobody else tries, so a second delivery
 * does nothing, and one whose process dies is made again. What an account has too much of stays due; the reconciler asks
 * again within seconds. The receiver may hear of an event more than once, always under the same id.
 */
export function buildDeliverWebhook(deps: SchedulerDeps): (work: { deliveryId: string }) => Promise<HandlerOutcome> {
  const { webhooks } = deps.stores;
  const posting = new Map<string, number>();

  async function post(webhook: WebhookRecord, deliveryId: string): Promise<HandlerOutcome> {
    const now = nowDate(deps);
    const delivery = await webhooks.claimDelivery({ deliveryId, now, until: new Date(now.getTime() + holdMs) });
    if (!delivery) return 'skipped';
    await settle(deps, delivery, await answerTo(deps, webhook, delivery));
    return 'done';
  }

  return async ({ deliveryId }) => {
    const found = await webhooks.findDelivery(deliveryId);
    const webhook = found && (await webhooks.find(found.webhookId));
    if (!webhook) return 'skipped';
    const { accountId } = webhook;
    const count = posting.get(accountId) ?? 0;
    if (count >= postingsOfAccountMax) return 'skipped';
    posting.set(accountId, count + 1);
    try {
      return await post(webhook, deliveryId);
    } finally {
      const left = (posting.get(accountId) ?? 1) - 1;
      if (left > 0) posting.set(accountId, left);
      else posting.delete(accountId);
    }
  };
}

/** A secret that does not open is an attempt that failed: the operator can bring the key back until the last one. */
async function answerTo(
  deps: SchedulerDeps,
  webhook: WebhookRecord,
  delivery: WebhookDeliveryRecord,
): Promise<PostAnswer> {
  try {
    const secret = openWebhookSecret(deps.sealer, webhook);
    return await deps.postEvent(postingOf({ ...webhook, secret }, delivery, nowDate(deps)));
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    deps.log.error({ err: error, webhookId: webhook.id }, 'the secret of a webhook does not open');
    return {
      status: null,
      message: 'The service cannot open the secret that signs this; its operator must mend that.',
    };
  }
}

function postingOf(webhook: WebhookRecord, delivery: WebhookDeliveryRecord, now: Date): Posting {
  const { id, type, jobId, createdAt } = delivery;
  const created_at = unixSeconds(createdAt);
  const event: WebhookEvent = { id, object: 'event', created_at, type, data: { id: jobId } };
  const body = JSON.stringify(event);
  const signed = signWebhook({ id, timestampSeconds: unixSeconds(now), body }, webhook.secret);
  const headers = { 'content-type': 'application/json', 'user-agent': 'Agon-Webhooks/1', ...signed };
  return { url: webhook.url, headers, body };
}

const isDelivered = ({ status }: PostAnswer): boolean => status !== null && status >= 200 && status < 300;

async function settle(deps: SchedulerDeps, delivery: WebhookDeliveryRecord, answer: PostAnswer): Promise<void> {
  const { id: deliveryId, attempts: attempt } = delivery;
  const last = { responseStatus: answer.status, message: answer.message };
  // 410 Gone is how a receiver says that it wants no more.
  const delayMs = isDelivered(answer) || answer.status === gone ? undefined : retryDelayMs(attempt);
  if (delayMs === undefined) {
    const status = isDelivered(answer) ? 'delivered' : 'failed';
    await deps.stores.webhooks.settleDelivery({ deliveryId, attempt, set: { ...last, status, nextAttemptAt: null } });
    return;
  }
  const nextAttemptAt = new Date(deps.clock.nowMs() + delayMs);
  const set = { ...last, status: 'pending', nextAttemptAt } as const;
  if (await deps.stores.webhooks.settleDelivery({ deliveryId, attempt, set })) {
    await deps.queue.add('webhook.deliver', { deliveryId }, { delayMs });
  }
}
