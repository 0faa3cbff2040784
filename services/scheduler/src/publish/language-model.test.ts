import { Predict, Receipt, type SubmissionFormat } from '@agon/contracts';
import { checkReceipt } from '@agon/domain';
import type { JobRecord } from '@agon/store';
import { aBaseModel, aBlob, aJobSpec, anOpenJob } from '@agon/testing';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { judgeJob } from '../judge/judge-job.ts';
import { jobId, once, raceScenario, type Scenario } from '../testing/race-scenario.ts';
import { publishJob } from './publish-job.ts';

const plain = aBaseModel();
const base = {
  ...plain,
  files: [...plain.files, { path: 'tokenizer_config.json', ...aBlob(23) }, { path: 'LICENSE', ...aBlob(24) }],
};
const dataset = {
  format: 'jsonl' as const,
  rows: 320,
  rows_dropped: { duplicates: 0, without_target: 0, empty: 0 },
  parts: { train: 200, selection: 60, report: 60 },
  columns: [],
  classes: null,
  notes: [{ code: 'text_statistics', column: 'messages', message: 'Rows have 2.0 turns.' }],
};
const rowsOf = {
  chat: [1, 2, 3, 4].map((number) => ({
    messages: [
      { role: 'user', content: `What is ${number}?` },
      { role: 'assistant', content: 'A number.' },
    ],
  })),
  preference: [{ prompt: [{ role: 'user', content: 'Hi.' }], chosen: 'Hello.', rejected: 'Go.' }],
  'text-classification': [
    { label: 'no', text: 'first' },
    { label: 'yes', text: 'second' },
    { label: 'yes', text: 'third' },
  ],
};
type Task = keyof typeof rowsOf;

/** A race of a text task whose winner handed in these files. */
async function published(task: Task, format: SubmissionFormat, paths: string[]): Promise<Scenario> {
  const classes = ['no', 'yes'];
  const table: JobRecord['table'] = {
    target: 'mood',
    classes,
    columns: [{ name: 'text', input: 'text', kind: 'text' }],
  };
  const scenario = await raceScenario([{ status: 'scored', quality: 0.8 }], {
    task,
    dataset,
    table: task === 'text-classification' ? table : null,
    text: { max_tokens: 256, lora_rank_max: 64 },
    baseModel: { id: base.id, name: base.name, revision: base.revision, why: null },
    spec: aJobSpec({ columns: { messages: 'thread' }, budget: { minutes: 10, seats: 1, wait_minutes: 60 } }),
  });
  scenario.stores.baseModelRecords.set(base.id, base);
  const train = await scenario.artifacts.put(once(rowsOf[task].map((row) => `${JSON.stringify(row)}\n`).join('')));
  const parts = { ...(anOpenJob().parts as NonNullable<JobRecord['parts']>), train: { ...train, rows: 4 } };
  await scenario.stores.jobs.update({ jobId, while: ['open'], set: { parts } });
  const files = paths.map((path, index) => ({ path, ...aBlob(30 + index), uploadId: `upl_0000000${index}` }));
  const [run] = await scenario.stores.runs.listByJob(jobId);
  const submission = run?.submission ? { ...run.submission, format, files } : null;
  await scenario.stores.runs.update({ runId: run?.id ?? '', while: ['scored'], set: { submission } });
  await judgeJob(scenario, { jobId });
  await publishJob(scenario, { jobId });
  return scenario;
}

async function filesOf(scenario: Scenario): Promise<string[]> {
  return ((await scenario.stores.models.find('model_00000001'))?.files ?? []).map(({ path }) => path);
}

async function fileOf(scenario: Scenario, path: string): Promise<string> {
  const file = (await scenario.stores.models.find('model_00000001'))?.files.find((one) => one.path === path);
  return scenario.artifacts.text(file?.sha256 ?? '');
}

async function metadataOf(scenario: Scenario) {
  const [, front = ''] = (await fileOf(scenario, 'README.md')).split('---\n');
  return parse(front);
}

const adapter = ['adapter_config.json', 'adapter_model.safetensors', 'tokenizer.json'];

describe('an adapter', () => {
  test('is published with the base model’s tokenizer and licence, the miner’s tokenizer aside', async () => {
    const scenario = await published('chat', 'peft-lora', adapter);
    expect(await filesOf(scenario)).toEqual([
      'adapter_config.json',
      'adapter_model.safetensors',
      'submission/tokenizer.json',
      'tokenizer.json',
      'tokenizer_config.json',
      'LICENSE',
      'README.md',
      'agon.json',
      'race.svg',
      'example.json',
    ]);
  });

  test('has a card that says which base model it adapts, and how to ask it', async () => {
    const scenario = await published('chat', 'peft-lora', adapter);
    expect(await metadataOf(scenario)).toMatchObject({
      license: 'apache-2.0',
      library_name: 'peft',
      pipeline_tag: 'text-generation',
      base_model: 'agon/tiny',
      base_model_relation: 'adapter',
    });
    const card = await fileOf(scenario, 'README.md');
    expect(card).toContain('PeftModel.from_pretrained(base, repo)');
    expect(card).toContain('Rows have 2.0 turns. Rows were cut at 256 tokens.');
    expect(card).toContain('| rank | miner |');
    expect(card).not.toMatch(/undefined|null|ONNX/);
  });

  test('has three prompts of the train part as its example', async () => {
    const scenario = await published('chat', 'peft-lora', adapter);
    expect(JSON.parse(await fileOf(scenario, 'example.json'))).toEqual({
      prompts: [1, 2, 3].map((number) => [{ role: 'user', content: `What is ${number}?` }]),
    });
    const preference = await published('preference', 'peft-lora', adapter);
    expect(JSON.parse(await fileOf(preference, 'example.json'))).toEqual({
      prompts: [[{ role: 'user', content: 'Hi.' }]],
    });
  });

  test('has a receipt that names the base model with its files, and the columns', async () => {
    const scenario = await published('chat', 'peft-lora', adapter);
    const { body } = Receipt.parse(JSON.parse(await fileOf(scenario, 'agon.json')));
    expect(checkReceipt(body)).toEqual([]);
    expect(body).toMatchObject({
      table: null,
      text: { max_tokens: 256, lora_rank_max: 64 },
      base_model: { name: 'agon/tiny', revision: '1' },
      dataset: { columns: { messages: 'thread' } },
    });
    expect(body.base_model?.files.map(({ path }) => path)).toContain('model.safetensors');
  });
});

describe('a text classifier', () => {
  test('of weights is used with transformers', async () => {
    const scenario = await published('text-classification', 'hf-checkpoint', ['config.json', 'model.safetensors']);
    expect(await metadataOf(scenario)).toMatchObject({
      library_name: 'transformers',
      pipeline_tag: 'text-classification',
      base_model_relation: 'finetune',
    });
    expect(await fileOf(scenario, 'README.md')).toContain(
      'pipeline("text-classification", "user/text-classification-000001")',
    );
    expect(JSON.parse(await fileOf(scenario, 'schema.json'))).toMatchObject({
      table: { classes: ['no', 'yes'] },
      text: { max_tokens: 256 },
    });
  });

  test('of ONNX is used as tables are, and takes its example over HTTP', async () => {
    const scenario = await published('text-classification', 'onnx', ['words.onnx']);
    expect(await metadataOf(scenario)).toMatchObject({ library_name: 'onnx', pipeline_tag: 'text-classification' });
    expect(await fileOf(scenario, 'README.md')).toContain('ort.InferenceSession("words.onnx")');
    expect(Predict.parse(JSON.parse(await fileOf(scenario, 'example.json')))).toEqual({
      rows: [{ text: 'first' }, { text: 'second' }],
    });
    expect(await filesOf(scenario)).toEqual([
      'words.onnx',
      'README.md',
      'agon.json',
      'race.svg',
      'schema.json',
      'example.json',
    ]);
  });
});
