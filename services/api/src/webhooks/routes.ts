import { createWebhook } from './create-webhook.ts';
import { deleteWebhook, getWebhook, listDeliveries, listWebhooks } from './read-webhooks.ts';
import { replayDelivery } from './replay-delivery.ts';

export const webhookRoutes = [createWebhook, listWebhooks, getWebhook, deleteWebhook, listDeliveries, replayDelivery];
