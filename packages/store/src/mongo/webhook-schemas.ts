import type { WebhookDeliveryRecord, WebhookRecord } from '../ports/index.ts';
import type { DocumentOf } from './document.ts';
import { gone, needed, schemaOf } from './schema-of.ts';

export type WebhookDocument = DocumentOf<WebhookRecord>;
export type WebhookDeliveryDocument = DocumentOf<WebhookDeliveryRecord>;

export const webhookSchema = schemaOf<WebhookDocument>(
  {
    _id: String,
    accountId: needed(String),
    url: needed(String),
    events: [String],
    secret: needed(String),
    createdAt: needed(Date),
  },
  [[{ accountId: 1, _id: -1 }]],
);

export const webhookDeliverySchema = schemaOf<WebhookDeliveryDocument>(
  {
    _id: String,
    webhookId: needed(String),
    jobId: needed(String),
    type: { type: String, required: true },
    status: needed(String),
    attempts: needed(Number),
    nextAttemptAt: Date,
    responseStatus: Number,
    message: String,
    createdAt: needed(Date),
    expiresAt: needed(Date),
  },
  [[{ webhookId: 1, _id: -1 }], [{ status: 1, nextAttemptAt: 1 }], gone],
);
