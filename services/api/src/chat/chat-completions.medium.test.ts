import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ModelHosts } from '@agon/inference';
import { aBaseModel, aModel } from '@agon/testing';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bytes } from '../testing/open-race.ts';
import { callerWith, startTestApi, type TestApi } from '../testing/test-api.ts';

const agonTiny = fileURLToPath(new URL('../../../../models/agon-tiny', import.meta.url));
const model = 'agon/agon-tiny';
const messages = [{ role: 'user' as const, content: 'What does it mean to reign?' }];

let folder: string;
let hosts: ModelHosts;
let api: TestApi;
let client: OpenAI;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agon-chat-api-'));
  hosts = new ModelHosts({
    ...{ folder: join(folder, 'serving'), modelsMax: 2, memoryMibMax: 8_192, idleMs: 60_000, answersMax: 64 },
    settings: { threads: 1, rowsMax: 8, cacheBytesMax: 2 ** 28, promptStepTokens: 64, newTokensMax: 64 },
  });
  api = await startTestApi({ adapt: () => ({ chat: hosts }) });
  const files = await Promise.all(
    ['config.json', 'generation_config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'].map(
      async (path) => ({ path, ...(await api.artifacts.put(bytes(await readFile(join(agonTiny, path))))) }),
    ),
  );
  const { facts } = aBaseModel();
  await api.stores.baseModels.insert(aBaseModel({ id: `${model}@1`, name: model, facts, files }));
  const caller = await callerWith(api);
  client = new OpenAI({ baseURL: `${api.url}/v1`, apiKey: caller.secret, maxRetries: 0 });
  const table = { id: api.newId('model'), accountId: caller.accountId };
  await api.stores.models.insert(aModel(table));
  tableModel = table.id;
});
let tableModel: string;
afterAll(async () => {
  await api.close();
  await hosts.close();
  await rm(folder, { recursive: true, force: true });
});

const ask = (more: object = {}) =>
  client.chat.completions.create({ model, messages, temperature: 0, max_tokens: 16, ...more });

async function codeOf(request: Promise<unknown>): Promise<[number | undefined, string | null | undefined]> {
  const error = await request.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof OpenAI.APIError)) throw new Error(`No refusal: ${String(error)}`);
  return [error.status, error.code];
}

describe('the unmodified OpenAI SDK', () => {
  test('gets a whole answer with its usage', async () => {
    const answer = await ask();
    expect(answer).toMatchObject({ object: 'chat.completion', model });
    const [choice] = answer.choices;
    expect(choice?.message.role).toBe('assistant');
    expect(choice?.message.content?.length).toBeGreaterThan(0);
    expect(answer.usage?.total_tokens).toBe(
      (answer.usage?.prompt_tokens ?? 0) + (answer.usage?.completion_tokens ?? 0),
    );
  });

  test('gets the same text as a stream, with the usage at its end', async () => {
    const whole = await ask();
    const stream = await client.chat.completions.create({
      ...{ model, messages, temperature: 0, max_tokens: 16 },
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let usage: unknown;
    const reasons: unknown[] = [];
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      if (chunk.choices[0]?.finish_reason) reasons.push(chunk.choices[0].finish_reason);
      usage = chunk.usage ?? usage;
    }
    expect(text).toBe(whole.choices[0]?.message.content);
    expect(reasons).toEqual([whole.choices[0]?.finish_reason]);
    expect(usage).toEqual(whole.usage);
  });

  test('gets log probabilities, several choices, and stops where it wants', async () => {
    const answer = await ask({ logprobs: true, top_logprobs: 3, n: 2, temperature: 1.5, seed: 7 });
    expect(answer.choices).toHaveLength(2);
    const tokens = answer.choices[0]?.logprobs?.content ?? [];
    expect(tokens.length).toBeGreaterThan(0);
    expect(tokens[0]?.top_logprobs).toHaveLength(3);
    const first = (await ask()).choices[0]?.message.content ?? '';
    const stop = first.slice(3, 6);
    const stopped = (await ask({ stop })).choices[0];
    expect(stopped?.message.content).toBe(first.slice(0, first.indexOf(stop)));
    expect(stopped?.finish_reason).toBe('stop');
  });

  test('is told by name what cannot be done', async () => {
    const many = Array.from({ length: 400 }, () => 'word word word').join(' ');
    expect(await codeOf(ask({ model: 'nobody/nothing' }))).toEqual([404, 'model_not_found']);
    expect(await codeOf(ask({ model: tableModel }))).toEqual([400, 'model_not_chat']);
    expect(await codeOf(ask({ messages: [{ role: 'user', content: many }] }))).toEqual([
      400,
      'context_length_exceeded',
    ]);
    expect(await codeOf(ask({ tools: [{ type: 'function', function: { name: 'f' } }] }))).toEqual([
      400,
      'unsupported_parameter',
    ]);
    expect(await codeOf(ask({ temperature: 3 }))).toEqual([400, 'invalid_request']);
  });

  test('fifty at once all get their answers', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask()));
    expect(new Set(answers.map(({ choices }) => choices[0]?.message.content)).size).toBe(1);
  });
});

describe('a client that goes away', () => {
  test('ends the work on its answer', async () => {
    const stream = await client.chat.completions.create({
      ...{ model, messages, temperature: 1.8, seed: 3, max_tokens: 900 },
      stream: true,
    });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
    stream.controller.abort();
    await expect.poll(() => hosts.answers, { timeout: 10_000 }).toBe(0);
  });
});
