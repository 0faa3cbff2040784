import { aBaseModel } from '@agon/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Caller, callerWith, startTestApi, type TestApi, uploadFile } from '../testing/test-api.ts';

let api: TestApi;
let caller: Caller;
let chatFile: string;
let textFile: string;

const jsonLines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const chatRows = (count = 200) =>
  Array.from({ length: count }, (_, at) => ({
    messages: [
      { role: 'user', content: `What is ${at}?` },
      { role: 'assistant', content: `It is the number ${at}.` },
    ],
  }));
const textRows = Array.from({ length: 200 }, (_, at) => ({
  body: `The parcel with the number ${at} came ${at % 2 === 0 ? 'late and broken' : 'in time and whole'}.`,
  mood: at % 2 === 0 ? 'bad' : 'good',
}));

const tiny = aBaseModel({ id: 'agon/tiny@1', name: 'agon/tiny' });
const encoder = aBaseModel({
  id: 'agon/encoder@1',
  name: 'agon/encoder',
  facts: { ...tiny.facts, architecture: 'BertModel', kind: 'encoder', has_chat_template: false, context_tokens: 256 },
});
const untold = aBaseModel({
  id: 'agon/untold@1',
  name: 'agon/untold',
  facts: { ...tiny.facts, has_chat_template: false },
});

beforeAll(async () => {
  api = await startTestApi({
    adapt: ({ resolveBaseModel }) => ({
      resolveBaseModel: async (question) =>
        question.name === 'auto'
          ? { model: tiny, why: `the only one for ${question.task}` }
          : resolveBaseModel(question),
    }),
  });
  caller = await callerWith(api);
  for (const model of [tiny, encoder, untold]) await api.stores.baseModels.insert(model);
  chatFile = await uploadFile(caller, jsonLines(chatRows()));
  textFile = await uploadFile(caller, jsonLines(textRows));
});
afterAll(() => api.close());

const create = (body: object) => caller.post('/v1/jobs').send(body);
const validate = async (body: object) => (await caller.post('/v1/jobs/validate').send(body).expect(200)).body;

describe('a job of conversations', () => {
  test('says its base model and bounds, and keeps them', async () => {
    const { body: job } = await create({ training_file: chatFile, base_model: 'agon/tiny' }).expect(200);
    expect(job).toMatchObject({
      task: 'chat',
      target: null,
      base_model: { name: 'agon/tiny', revision: '1', why: null },
      text: { max_tokens: 512, lora_rank_max: 64 },
      objective: { metric: 'loss', direction: 'minimize' },
      dataset: { parts: { train: 120, selection: 40, report: 40 } },
      table: null,
    });
    const record = await api.stores.jobs.find(job.id);
    expect(record?.baseModel?.id).toBe('agon/tiny@1');
    expect(record?.needs.memoryMib).toBeGreaterThan(1_024);
  });

  test('may leave the base model to the service, which says why', async () => {
    const { body: job } = await create({ training_file: chatFile, base_model: 'auto', task: 'chat' }).expect(200);
    expect(job.base_model).toEqual({ name: 'agon/tiny', revision: '1', why: 'the only one for chat' });
  });

  test.each([
    [{}, 400, 'base_model_missing', 'base_model'],
    [{ base_model: 'agon/none' }, 404, 'base_model_not_found', null],
    [{ base_model: 'agon/encoder' }, 400, 'base_model_unsuitable', 'base_model'],
    [{ base_model: 'agon/untold' }, 400, 'base_model_unsuitable', 'base_model'],
    [{ base_model: 'agon/tiny', target: 'messages', task: 'chat' }, 400, 'target_unsuitable', 'target'],
    [{ base_model: 'agon/tiny', text: { max_tokens: 4_000 } }, 400, 'invalid_request', 'text.max_tokens'],
    [{ base_model: 'agon/tiny', columns: { messages: 'talk' } }, 400, 'dataset_invalid', 'training_file'],
    [{ base_model: 'agon/tiny', objective: { metric: 'accuracy' } }, 400, 'metric_unsuitable', 'objective.metric'],
    [{ base_model: 'not a name' }, 400, 'invalid_request', 'base_model'],
  ])('is refused with %j', async (wish, status, code, param) => {
    const { body } = await create({ training_file: chatFile, ...wish }).expect(status);
    expect(body.error).toMatchObject(param === null ? { code } : { code, param });
  });

  test('tells by row what is wrong with the file', async () => {
    const bad = [...chatRows(150), { messages: [{ role: 'user', content: 'Anybody?' }] }];
    const training_file = await uploadFile(caller, jsonLines(bad));
    const { body } = await create({ training_file, task: 'chat', base_model: 'agon/tiny' }).expect(400);
    expect(body.error).toMatchObject({ code: 'dataset_invalid', problems: [{ row: 151, code: 'no_assistant_turn' }] });
  });
});

describe('a job of texts', () => {
  test('needs no base model', async () => {
    const { body: job } = await create({ training_file: textFile, target: 'mood' }).expect(200);
    expect(job).toMatchObject({
      task: 'text-classification',
      base_model: null,
      text: { max_tokens: 512 },
      table: { target: 'mood', classes: ['bad', 'good'], columns: [{ name: 'text' }] },
    });
  });

  test('may start from an encoder, whose context bounds its rows', async () => {
    const wish = { training_file: textFile, target: 'mood', base_model: 'agon/encoder', columns: { text: 'body' } };
    const { body: job } = await create(wish).expect(200);
    expect(job).toMatchObject({ base_model: { name: 'agon/encoder' }, text: { max_tokens: 256 } });
    const other = await create({ ...wish, base_model: 'agon/tiny' }).expect(400);
    expect(other.body.error).toMatchObject({
      code: 'base_model_unsuitable',
      message: expect.stringContaining('encoder'),
    });
  });
});

test.each([
  [{ base_model: 'agon/tiny' }, 'base_model_unsuitable', 'base_model'],
  [{ columns: { text: 'body' } }, 'invalid_request', 'columns'],
  [{ text: { max_tokens: 64 } }, 'invalid_request', 'text'],
  [{ target: undefined }, 'target_missing', 'target'],
])('a job of a table is refused with %j', async (wish, code, param) => {
  const body = { training_file: textFile, task: 'tabular-classification', target: 'mood', ...wish };
  expect((await create(body).expect(400)).body.error).toMatchObject({ code, param });
});

describe('validating', () => {
  test('tells the base model, the memory and the minutes of an epoch', async () => {
    expect(await validate({ training_file: chatFile, base_model: 'agon/tiny' })).toMatchObject({
      valid: true,
      task: 'chat',
      base_model: { name: 'agon/tiny', revision: '1', why: null },
      estimate: { memory_mib: expect.any(Number), epoch_minutes: expect.any(Number) },
    });
    const without = await validate({ training_file: textFile, target: 'mood' });
    expect(without.estimate).toMatchObject({ epoch_minutes: null });
  });

  test('answers what is wrong with the base model', async () => {
    for (const [wish, code] of [
      [{}, 'base_model_missing'],
      [{ base_model: 'agon/none' }, 'base_model_not_found'],
      [{ base_model: 'agon/encoder' }, 'base_model_unsuitable'],
    ] as const) {
      const answer = await validate({ training_file: chatFile, ...wish });
      expect(answer).toMatchObject({ valid: false, error: { code }, estimate: null });
    }
  });
});
