import type { WebhookDeliveryStatus, WebhookEventType } from '@agon/contracts';
import type { Paging } from './stores.ts';

/** Where an account wants to hear of its jobs. */
export type WebhookRecord = {
  id: string;
  accountId: string;
  url: string;
  events: WebhookEventType[];
  /** What is posted is signed with it: `whsec_…`, or that sealed for this webhook where the service has a key for it. */
  secret: string;
  createdAt: Date;
};

/** One event for one webhook. */
export type WebhookDeliveryRecord = {
  /** Made of job, webhook and type: to plan it again is the same delivery. It is also the id of the event. */
  id: string;
  webhookId: string;
  jobId: string;
  type: WebhookEventType;
  status: WebhookDeliveryStatus;
  /** Since it was planned or asked for again. */
  attempts: number;
  /** When it is due; null where it has ended. */
  nextAttemptAt: Date | null;
  responseStatus: number | null;
  message: string | null;
  createdAt: Date;
  /** When it leaves the log. */
  expiresAt: Date;
};

export type WebhookStore = {
  insert(webhook: WebhookRecord): Promise<void>;
  find(webhookId: string): Promise<WebhookRecord | undefined>;
  list(query: Paging & { accountId: string }): Promise<WebhookRecord[]>;
  /** Deletes the webhook and its log. */
  delete(webhookId: string): Promise<void>;
  /** Answers false where the delivery is there already. */
  insertDelivery(delivery: WebhookDeliveryRecord): Promise<boolean>;
  findDelivery(deliveryId: string): Promise<WebhookDeliveryRecord | undefined>;
  /** Those of the newest jobs first. */
  listDeliveries(query: Paging & { webhookId: string }): Promise<WebhookDeliveryRecord[]>;
  /** Deliveries that are due, the longest due first. */
  listDue(query: { now: Date; limit: number }): Promise<WebhookDeliveryRecord[]>;
  /**
   * One more attempt at a delivery that is due; until `until` nobody else tries. Answers undefined where it is not due.
   */
  claimDelivery(input: { deliveryId: string; now: Date; until: Date }): Promise<WebhookDeliveryRecord | undefined>;
  /** Writes down how an attempt ended, unless another one began meanwhile. */
  settleDelivery(input: {
    deliveryId: string;
    attempt: number;
    set: Pick<WebhookDeliveryRecord, 'status' | 'nextAttemptAt' | 'responseStatus' | 'message'>;
  }): Promise<boolean>;
  /** Makes a delivery due again, with all its attempts. */
  replayDelivery(input: { deliveryId: string; now: Date }): Promise<WebhookDeliveryRecord | undefined>;
};
