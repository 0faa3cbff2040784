import type { WebhookEventType } from '@agon/contracts';
import { addCommand, addGroup, type Register } from '../command.ts';
import { answer, clientOf, type SharedOptions } from '../context.ts';
import { renderTable } from '../terminal/table.ts';

const endings = ['job.succeeded', 'job.failed', 'job.cancelled'];
const date = (seconds: number | null): string => (seconds === null ? '' : new Date(seconds * 1_000).toISOString());

/** `agon webhooks`: addresses that are told when jobs end. */
export const registerWebhooks: Register = (program, context) => {
  const webhooks = addGroup(program, 'webhooks', 'addresses that are told when jobs end');
  addCommand(webhooks, {
    usage: 'create <url>',
    summary: 'make a webhook; its secret is shown once',
    examples: [
      'webhooks create https://client.example/hook',
      'webhooks create https://client.example/hook --event fine_tuning.job.succeeded fine_tuning.job.failed',
    ],
  })
    .option('--event <event...>', 'what it is told', endings)
    .action(async (url: string, options: SharedOptions & { event: string[] }) => {
      const events = options.event as WebhookEventType[];
      const webhook = await (await clientOf(context, options)).webhooks.create({ url, events });
      answer(context, options, {
        json: webhook,
        text: () => `${webhook.secret}\nwebhook ${webhook.id}. The secret is not shown again.`,
      });
    });
  addCommand(webhooks, { usage: 'list', summary: 'list webhooks', examples: ['webhooks list'] }).action(
    async (options: SharedOptions) => {
      const page = await (await clientOf(context, options)).webhooks.list({ limit: 100 });
      const rows = page.data.map((each) => [each.id, each.url, each.events.join(' ')]);
      answer(context, options, {
        json: page,
        text: () => (rows.length === 0 ? 'No webhooks yet.' : renderTable(['webhook', 'url', 'events'], rows)),
      });
    },
  );
  addCommand(webhooks, {
    usage: 'deliveries <webhook>',
    summary: 'what was posted to a webhook, and how it went',
    examples: ['webhooks deliveries whk_01abc…'],
  }).action(async (webhook: string, options: SharedOptions) => {
    const page = await (await clientOf(context, options)).webhooks.deliveries(webhook, { limit: 100 });
    const header = ['delivery', 'event', 'job', 'status', 'attempts', 'next', 'how it went'];
    const rows = page.data.map(({ next_attempt_at: next, ...each }) => {
      return [each.id, each.type, each.job, each.status, each.attempts, date(next), each.message ?? ''];
    });
    answer(context, options, {
      json: page,
      text: () => (rows.length === 0 ? 'Nothing was posted yet.' : renderTable(header, rows)),
    });
  });
  addCommand(webhooks, {
    usage: 'replay <webhook> <delivery>',
    summary: 'post an event again, now',
    examples: ['webhooks replay whk_01abc… evt_01def…'],
  }).action(async (webhook: string, delivery: string, options: SharedOptions) => {
    const again = await (await clientOf(context, options)).webhooks.replay(webhook, delivery);
    answer(context, options, { json: again, text: () => `${again.id} is posted again` });
  });
  addCommand(webhooks, {
    usage: 'delete <webhook>',
    summary: 'delete a webhook and its log',
    examples: ['webhooks delete whk_01abc…'],
  }).action(async (webhook: string, options: SharedOptions) => {
    const deleted = await (await clientOf(context, options)).webhooks.delete(webhook);
    answer(context, options, { json: deleted, text: () => `${deleted.id} deleted` });
  });
};
