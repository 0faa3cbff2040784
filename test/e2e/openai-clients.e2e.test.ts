import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ServiceProcess } from '@agon/cli/service-process';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importAgonTiny } from './harness/agon-tiny.ts';
import { startService, type TestService } from './harness/service.ts';
import { startWebhookTarget, type WebhookTarget } from './harness/webhook-target.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const rows = join(root, 'datasets', 'dictionary', 'dictionary.jsonl');
const model = 'agon/agon-tiny';
const linesMax = 25;

let service: TestService;
let client: OpenAI;
let target: WebhookTarget;
/** Verifies what is posted. */
let secret: string | undefined;
const miners: ServiceProcess[] = [];
beforeAll(async () => {
  service = await startService({ WEBHOOK_PRIVATE_ADDRESSES: 'true' });
  target = await startWebhookTarget();
  const events = ['fine_tuning.job.succeeded', 'job.cancelled'] as const;
  secret = (await service.client.webhooks.create({ url: target.url, events: [...events] })).secret;
  client = new OpenAI({ baseURL: `${service.stack.url}/v1`, apiKey: service.stack.adminKey });
  await importAgonTiny(service.client);
  for (const template of ['lora-torch', 'full-torch']) {
    miners.push(await service.startMiner(template, template, { AGON_TEMPLATES_DIR: join(root, 'templates') }));
  }
});
afterAll(async () => {
  await target?.close();
  await service?.stop();
});

const environment = () => ({
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  OPENAI_BASE_URL: `${service.stack.url}/v1`,
  OPENAI_API_KEY: service.stack.adminKey,
});

describe('the examples of the README, with the unmodified SDKs', () => {
  test('are short', async () => {
    for (const name of ['fine-tune.mjs', 'fine_tune.py']) {
      const text = await readFile(join(root, 'examples', name), 'utf8');
      expect(text.trim().split('\n').length, name).toBeLessThanOrEqual(linesMax);
    }
  });

  test('fine-tune a model and talk to the winner, in Node and in Python', async () => {
    const python = process.env.AGON_PYTHON ?? 'python3';
    const example = (name: string) => join(root, 'examples', name);
    const node = await run(process.execPath, [example('fine-tune.mjs'), rows, model], { env: environment() });
    const [, winner = ''] = /^winner (ft:agon\/agon-tiny:agon::\w{8})$/m.exec(node.stderr) ?? [];
    expect(winner).not.toBe('');
    expect(node.stdout.trim().length).toBeGreaterThan(3);
    const results = await service.client.files.list({ purpose: 'fine-tune-results' });
    const curve = await (await service.client.files.content(results.data[0]?.id ?? '')).text();
    expect(curve).toMatch(/^step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy,seconds\n\d+,,,\d/);
    const py = await run(python, [example('fine_tune.py'), rows, model], { env: environment() });
    expect(py.stdout.trim().length).toBeGreaterThan(3);
    expect(py.stderr).toContain('is published as');
  });
});

describe('the Node SDK, after the race', () => {
  const question = { messages: [{ role: 'user' as const, content: "What does 'firm' mean?" }], temperature: 0 };
  const newest = async () => {
    const [job] = (await client.fineTuning.jobs.list({ limit: 1 })).data;
    if (!job?.fine_tuned_model) throw new Error('There is no winner.');
    return { ...job, fine_tuned_model: job.fine_tuned_model };
  };

  test('finds the winner among the models; it answers the same, whole and as a stream', async () => {
    const { fine_tuned_model: winner } = await newest();
    const listed: string[] = [];
    for await (const each of client.models.list()) listed.push(each.id);
    expect(listed).toContain(winner);
    expect(await client.models.retrieve(winner)).toMatchObject({ id: winner, object: 'model' });
    expect(await client.models.retrieve(model)).toMatchObject({ id: model, owned_by: 'agon' });
    const asked = { ...question, model: winner, max_tokens: 24 };
    const whole = await client.chat.completions.create(asked);
    let streamed = '';
    for await (const chunk of await client.chat.completions.create({ ...asked, stream: true })) {
      streamed += chunk.choices[0]?.delta.content ?? '';
    }
    expect(whole.choices[0]?.message).toMatchObject({ role: 'assistant', content: streamed, refusal: null });
  });

  test('reads the whole log by pages, and the winner as a checkpoint', async () => {
    const job = await newest();
    const messages: string[] = [];
    for await (const event of client.fineTuning.jobs.listEvents(job.id, { limit: 3 })) messages.push(event.message);
    expect(messages.length).toBeGreaterThan(6);
    expect([messages[0], messages.at(-1)]).toEqual([
      expect.stringContaining('is published as'),
      expect.stringContaining('was created'),
    ]);
    const checkpoints = (await client.fineTuning.jobs.checkpoints.list(job.id)).data;
    expect(checkpoints).toMatchObject([{ fine_tuned_model_checkpoint: job.fine_tuned_model }]);
    expect(checkpoints[0]?.step_number).toBeGreaterThan(0);
  });

  test('takes what was posted to the webhook for the service’s own word', async () => {
    const job = await newest();
    await expect.poll(() => target.received.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(2);
    const unwrapped = target.received.map(({ body, headers }) => client.webhooks.unwrap(body, headers, secret));
    const events = await Promise.all(unwrapped);
    expect(events).toContainEqual(
      expect.objectContaining({ object: 'event', type: 'fine_tuning.job.succeeded', data: { id: job.id } }),
    );
    await expect(client.webhooks.unwrap('{}', target.received[0]?.headers ?? {}, secret)).rejects.toThrow();
  });
});

test('the Python SDK sends a file in parts, lists files in order, and takes a webhook’s word', async () => {
  const { body, headers } = target.received[0] ?? { body: '', headers: {} };
  const given = JSON.stringify({ rows, body, headers, secret });
  const python = process.env.AGON_PYTHON ?? 'python3';
  const program = join(root, 'test', 'e2e', 'harness', 'openai_files.py');
  const { stdout } = await run(python, [program, given], { env: environment() });
  expect(JSON.parse(stdout)).toEqual({ completed: true, same: true, expires: true, ordered: true, event: 'event' });
});

test('curl alone uploads, submits, watches and talks, as the README shows it', async () => {
  const curl = async (...args: string[]): Promise<string> => {
    const key = `Authorization: Bearer ${service.stack.adminKey}`;
    return (await run('curl', ['-sS', '-H', key, ...args])).stdout;
  };
  const url = service.stack.url;
  const file = JSON.parse(await curl(`${url}/v1/files`, '-F', 'purpose=fine-tune', '-F', `file=@${rows}`));
  const body = JSON.stringify({ training_file: file.id, model, metadata: { agon_minutes: '5' } });
  const json = ['-H', 'content-type: application/json', '-d'];
  const job = JSON.parse(await curl(`${url}/v1/fine_tuning/jobs`, ...json, body));
  expect(job).toMatchObject({ object: 'fine_tuning.job', status: 'validating_files' });
  const cancelled = JSON.parse(await curl('-X', 'POST', `${url}/v1/fine_tuning/jobs/${job.id}/cancel`));
  expect(cancelled.status).toBe('cancelled');
  const question = { model, messages: [{ role: 'user', content: 'Hi' }], max_tokens: 8 };
  const answer = JSON.parse(await curl(`${url}/v1/chat/completions`, ...json, JSON.stringify(question)));
  expect(answer.choices[0].message.role).toBe('assistant');
  const streamed = await curl(
    '-N',
    `${url}/v1/chat/completions`,
    ...json,
    JSON.stringify({ ...question, stream: true }),
  );
  expect(streamed.trim().endsWith('data: [DONE]')).toBe(true);
});
