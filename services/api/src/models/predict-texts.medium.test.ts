import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModelHosts } from '@agon/inference';
import { type Files, tinyBert, tinyClassifier } from '@agon/language/testing';
import type { ModelRecord } from '@agon/store';
import { aBaseModel, aModel, anOpenJob } from '@agon/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bytes } from '../testing/open-race.ts';
import { type Caller, callerWith, startTestApi, type TestApi } from '../testing/test-api.ts';

const table = {
  target: 'kind',
  classes: ['pear', 'plum'],
  columns: [{ name: 'text', input: 'text', kind: 'text' as const }],
};
const counts = {
  ...{ format: 'jsonl' as const, rows: 320, rows_dropped: { duplicates: 0, without_target: 0, empty: 0 } },
  ...{ parts: { train: 200, selection: 60, report: 60 }, classes: null, notes: [] },
};
const column = { kind: 'text' as const, missing: 0, distinct: 9, distinct_capped: false, examples: [] };

let folder: string;
let hosts: ModelHosts;
let api: TestApi;
let caller: Caller;
let graphTexts: unknown;
let encoder: string;
let graph: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agon-predict-'));
  hosts = new ModelHosts({
    ...{ folder: join(folder, 'serving'), modelsMax: 2, memoryMibMax: 8_192, idleMs: 60_000, answersMax: 64 },
    settings: { threads: 1, rowsMax: 8, cacheBytesMax: 2 ** 28, promptStepTokens: 64, newTokensMax: 64 },
  });
  const predict = async ({ columns }: { columns: readonly unknown[] }) => {
    [graphTexts] = columns;
    return { probabilities: Float32Array.from([0.75, 0.25]), labels: Int32Array.from([0]) };
  };
  api = await startTestApi({ adapt: () => ({ chat: hosts, predict }) });
  caller = await callerWith(api);
  const base = aBaseModel({ id: 'agon/tiny-bert@1', name: 'agon/tiny-bert', files: await stored(tinyBert()) });
  await api.stores.baseModels.insert(base);
  encoder = await published({ files: await stored(tinyClassifier(1, table.classes)), baseModelId: base.id });
  graph = await published({ files: await stored({ 'model.onnx': 'a graph' }) });
});
afterAll(async () => {
  await api.close();
  await hosts.close();
  await rm(folder, { recursive: true, force: true });
});

const stored = (files: Files) =>
  Promise.all(
    Object.entries(files).map(async ([path, content]) => ({ path, ...(await api.artifacts.put(bytes(content))) })),
  );

/** A winner of a job whose dataset calls the text `review`. */
async function published(changes: Partial<ModelRecord>): Promise<string> {
  const job = anOpenJob({ id: api.newId('job'), accountId: caller.accountId, task: 'text-classification', table });
  const columns = [
    { ...column, name: 'review', role: 'feature' as const },
    { ...column, name: 'kind', role: 'target' as const },
  ];
  await api.stores.jobs.insert(
    { ...job, dataset: { ...counts, columns } },
    { type: 'job.created', message: 'created' },
  );
  const ours = { id: api.newId('model'), accountId: caller.accountId, jobId: job.id };
  const model = aModel({ ...ours, task: 'text-classification', table, ...changes });
  await api.stores.models.insert(model);
  return model.id;
}

const ask = (model: string, rows: object[]) => caller.post(`/v1/models/${model}/predict`).send({ rows });

test('an encoder answers each text with its class and probabilities, under either name of the column', async () => {
  const { body } = await ask(encoder, [{ text: 'a plum' }, { review: 'a pear', kind: 'pear' }]).expect(200);
  expect(body).toMatchObject({ object: 'list', model: encoder });
  expect(body.data).toHaveLength(2);
  for (const { label, probabilities } of body.data) {
    expect(Object.keys(probabilities)).toEqual(table.classes);
    expect(probabilities.pear + probabilities.plum).toBeCloseTo(1, 5);
    expect(probabilities[label]).toBe(Math.max(probabilities.pear, probabilities.plum));
  }
  const again = await ask(encoder, [{ text: 'a pear' }]).expect(200);
  expect(again.body.data[0].probabilities.pear).toBeCloseTo(body.data[1].probabilities.pear, 4);
});

test('texts are put into the form that the model has learnt from', async () => {
  const { body } = await ask(graph, [{ review: '  cafe\u0301\r\n' }]).expect(200);
  expect(graphTexts).toEqual(['caf\u00e9']);
  expect(body.data).toEqual([{ label: 'pear', probabilities: { pear: 0.75, plum: 0.25 } }]);
});

test.each([
  ['a row without a text', [{ text: 'x' }, { kind: 'pear' }], /Row 2 has no "text" or "review"/],
  ['an unknown column', [{ text: 'x', title: 'y' }], /"title".*it has text, review/],
])('%s is refused by name', async (_, rows, message) => {
  const { body } = await ask(encoder, rows).expect(422);
  expect(body.error).toMatchObject({ code: 'prediction_failed', message: expect.stringMatching(message) });
});

test('a model whose process fails is unavailable, not an error of the client', async () => {
  const files = await stored({ ...tinyClassifier(1, table.classes), 'model.safetensors': 'no weights' });
  const broken = await published({ files, baseModelId: 'agon/tiny-bert@1' });
  const { body, headers } = await ask(broken, [{ text: 'x' }]).expect(503);
  expect(body.error.code).toBe('model_unavailable');
  expect(headers['retry-after']).toBe('5');
  const lost = await published({ files, baseModelId: 'agon/gone@1' });
  expect((await ask(lost, [{ text: 'x' }]).expect(404)).body.error.code).toBe('base_model_not_found');
});

test('a model that answers conversations says where to ask it', async () => {
  const chat = await published({ task: 'chat', table: null });
  const { body } = await ask(chat, [{ text: 'x' }]).expect(422);
  expect(body.error.message).toContain('/v1/chat/completions');
});
