import type { FileUploadRecord, WebhookDeliveryRecord, WebhookRecord } from '@agon/store';
import { builtAt } from './builders.ts';

export const aWebhook = (overrides: Partial<WebhookRecord> = {}): WebhookRecord => ({
  id: 'whk_00000001',
  accountId: 'acct_00000001',
  url: 'https://client.example/hook',
  events: ['fine_tuning.job.succeeded', 'job.failed'],
  secret: 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  createdAt: builtAt,
  ...overrides,
});

export const aWebhookDelivery = (overrides: Partial<WebhookDeliveryRecord> = {}): WebhookDeliveryRecord => ({
  id: 'evt_00000001',
  webhookId: 'whk_00000001',
  jobId: 'job_00000001',
  type: 'job.failed',
  status: 'pending',
  attempts: 0,
  nextAttemptAt: builtAt,
  responseStatus: null,
  message: null,
  createdAt: builtAt,
  expiresAt: new Date(Date.UTC(2100, 0, 1)),
  ...overrides,
});

export const aFileUpload = (overrides: Partial<FileUploadRecord> = {}): FileUploadRecord => ({
  id: 'upload_00000001',
  accountId: 'acct_00000001',
  bytes: 1_000,
  filename: 'rows.jsonl',
  purpose: 'fine-tune',
  fileSeconds: null,
  status: 'pending',
  parts: 0,
  received: 0,
  partIds: null,
  file: null,
  createdAt: builtAt,
  expiresAt: new Date(Date.UTC(2100, 0, 1)),
  dueAt: new Date(Date.UTC(2100, 0, 1)),
  goneAt: new Date(Date.UTC(2100, 0, 8)),
  ...overrides,
});
