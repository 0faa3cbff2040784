import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startService, type TestService } from '../harness/service.ts';
import { writeTrainedTemplate } from './trained-template.ts';

const run = promisify(execFile);
const pathOf = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const dataset = pathOf('datasets/dictionary/dictionary.jsonl');
const example = pathOf('examples/openai.mjs');
const question = { messages: [{ role: 'user' as const, content: "What does 'firm' mean?" }], temperature: 0 };

let service: TestService;
let client: OpenAI;
/** What every client of OpenAI's reads from its environment. */
let environment: NodeJS.ProcessEnv;
/** Of the model that the example made. */
let winner: string;

const agon = (...words: string[]) =>
  run(process.execPath, [pathOf('cli/bin/agon.js'), ...words], { env: { ...process.env, AGON_HOME: service.folder } });

beforeAll(async () => {
  service = await startService();
  const keys = { OPENAI_BASE_URL: `${service.stack.url}/v1`, OPENAI_API_KEY: service.stack.adminKey };
  environment = { ...process.env, ...keys };
  client = new OpenAI({ baseURL: keys.OPENAI_BASE_URL, apiKey: keys.OPENAI_API_KEY });
  await agon('models', 'import', pathOf('models/agon-tiny'), '--name', 'agon/agon-tiny');
});
afterAll(() => service?.stop());

test('the example makes a model from a file in a race of two and talks to it, in 25 lines', async () => {
  expect((await readFile(example, 'utf8')).trimEnd().split('\n').length).toBeLessThanOrEqual(25);
  const miners = await Promise.all([
    service.startMiner('anna', 'lora-torch', pathOf('templates')),
    service.startMiner('boris', 'full-torch', pathOf('templates')),
  ]);
  const { stdout, stderr } = await run(process.execPath, [example], { env: environment });
  await Promise.all(miners.map((miner) => miner.stop()));
  expect(stderr).toMatch(/^job_\w+ validating_files: /);
  const [name = '', answer = ''] = stdout.split('\n');
  expect(name).toMatch(/^ft:agon\/agon-tiny:[a-z0-9-]+:dictionary:[0-9a-z]{8}$/);
  expect(answer).not.toBe('');
  winner = name;
  const [job] = (await service.client.jobs.list({})).data;
  const runs = (await service.client.jobs.runs(job?.id ?? '')).data;
  expect(runs.map((each) => each.status)).toEqual(['scored', 'scored']);
});

test('the winner is in the list of models and answers the same, whole and as a stream', async () => {
  const models = (await client.models.list()).data.map((model) => model.id);
  expect(models).toEqual([winner, expect.stringMatching(/^agon\/agon-tiny@/)]);
  expect(await client.models.retrieve(winner)).toMatchObject({ id: winner, object: 'model' });
  expect(await client.models.retrieve('agon/agon-tiny')).toMatchObject({ owned_by: 'agon' });
  const whole = await client.chat.completions.create({ ...question, model: winner, max_tokens: 24 });
  const stream = await client.chat.completions.create({ ...question, model: winner, max_tokens: 24, stream: true });
  let streamed = '';
  for await (const chunk of stream) streamed += chunk.choices[0]?.delta.content ?? '';
  expect(whole.choices[0]?.message).toMatchObject({ role: 'assistant', content: streamed, refusal: null });
  expect(whole.usage?.completion_tokens).toBeGreaterThan(0);
  expect(whole.usage?.completion_tokens).toBeLessThanOrEqual(24);
  const base = await client.chat.completions.create({ ...question, model: 'agon/agon-tiny', max_tokens: 24 });
  expect(base.choices[0]?.message.content).not.toBe(streamed);
});

test('its job tells its log in pages, its checkpoint and its curve', async () => {
  const [job] = (await client.fineTuning.jobs.list({ limit: 1 })).data;
  if (!job) throw new Error('There is no job.');
  expect(job).toMatchObject({ status: 'succeeded', fine_tuned_model: winner, error: null });
  const messages: string[] = [];
  for await (const event of client.fineTuning.jobs.listEvents(job.id, { limit: 3 })) messages.push(event.message);
  expect(messages.length).toBeGreaterThan(6);
  expect(messages[0]).toContain('published');
  expect(messages.at(-1)).toContain('created');
  const checkpoints = (await client.fineTuning.jobs.checkpoints.list(job.id)).data;
  expect(checkpoints).toMatchObject([{ fine_tuned_model_checkpoint: winner, fine_tuning_job_id: job.id }]);
  const csv = await (await client.files.content(job.result_files[0] ?? '')).text();
  expect(csv.split('\n')[0]).toBe('step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy');
  expect(csv.split('\n').length).toBeGreaterThan(3);
});

test('the Python package does the same', async () => {
  const pulled = join(service.folder, 'pulled');
  await agon('pull', winner, '--to', pulled);
  const files = (await service.client.models.retrieve(winner)).files.map((file) => file.path);
  await writeTrainedTemplate(service.templates, { name: 'trained', pulled, files });
  const miners = [await service.startMiner('chandra', 'trained'), await service.startMiner('dara', 'trained')];
  const program = pathOf('test/e2e/openai/client.py');
  const python = process.env.AGON_PYTHON ?? 'python3';
  const { stdout } = await run(python, [program, dataset, 'agon/agon-tiny'], { env: environment });
  await Promise.all(miners.map((miner) => miner.stop()));
  const seen = JSON.parse(stdout);
  expect(seen).toMatchObject({ file: 'processed', status: 'succeeded', listed: true, jobs: 1 });
  expect(seen.model).toMatch(/^ft:agon\/agon-tiny:[a-z0-9-]+:python:[0-9a-z]{8}$/);
  expect(seen.events).toBeGreaterThan(6);
  expect(seen.checkpoints).toEqual([seen.model]);
  expect(seen.result).toMatch(/^step,train_loss,/);
  expect(seen.streamed).toBe(seen.answer);
  expect(seen.usage[0]).toBe(seen.usage[1]);
});
