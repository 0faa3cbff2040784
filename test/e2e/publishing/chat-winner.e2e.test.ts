import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Job } from '@agon/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askProgram, runAgon } from '../harness/programs.ts';
import { startService, type TestService, untilEnd } from '../harness/service.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const python = process.env.AGON_PYTHON;
const baseFolder = here('../../../models/agon-tiny');
const asked = { tokens: 24, conversations: [] as { role: string; content: string }[][] };

/** All that there is to learn, so that answers are sure and do not hang on the last bit of a number. */
const saying = 'Stop, and wait for the green light before you go on.';
const question = (row: string): string => `${row}: what do you say at a red light?`;

function talks(rows: number): string {
  const lines = Array.from({ length: rows }, (_, row) => {
    const user = { role: 'user', content: question(String(row)) };
    return JSON.stringify({ messages: [user, { role: 'assistant', content: saying }] });
  });
  return `${lines.join('\n')}\n`;
}

let service: TestService;
let job: Job;
let pulled: string;

type Answers = { alone: string[]; together: string[] };
const node = (place: string, env: Record<string, string> = {}) =>
  askProgram<Answers>([process.execPath, here('../clients/published-answers.mjs'), 'chat', place], asked, env);

describe.skipIf(python === undefined)('the winner of a chat race, with the clients that people have', () => {
  beforeAll(async () => {
    service = await startService();
    await cp(here('../../../templates'), service.templates, { recursive: true });
    const imported = await runAgon(service.folder, ['models', 'import', baseFolder, '--name', 'agon/agon-tiny']);
    expect(imported).toMatchObject({ exitCode: 0 });
    await service.startMiner('ada', 'lora-torch');
    const file = await service.client.files.create(new Blob([talks(600)]), 'talks.jsonl');
    const created = await service.client.jobs.create({
      training_file: file.id,
      task: 'chat',
      base_model: 'agon/agon-tiny',
      text: { max_tokens: 64 },
      budget: { minutes: 0.5, seats: 1 },
      publish: { merged: true },
      suffix: 'words',
    });
    ({ job } = await untilEnd(service.client, created.id));
    expect(job).toMatchObject({ status: 'succeeded' });
    pulled = join(service.folder, 'pulled');
    expect(await runAgon(service.folder, ['pull', job.model ?? '', '--to', pulled])).toMatchObject({ exitCode: 0 });
    // Of different lengths, so that rows of a batch need padding.
    asked.conversations = ['7', '77777', 'Again and again'].map((row) => [{ role: 'user', content: question(row) }]);
  });
  afterAll(() => service?.stop());

  test('answers in transformers.js and with peft as its merged weights do in transformers', async () => {
    const asks = [
      { mode: 'chat', place: join(pulled, 'merged') },
      { mode: 'adapter', place: pulled, base: baseFolder },
      { mode: 'chat', place: baseFolder },
    ];
    const [merged, adapter, base] = await askProgram<string[][]>(
      [python ?? '', here('../clients/published_answers.py')],
      {
        ...asked,
        asks,
      },
    );
    expect(merged).toEqual([saying, saying, saying]);
    expect(adapter).toEqual(merged);
    expect(base).not.toEqual(merged);
    const { alone, together } = await node(pulled);
    expect(alone).toEqual(merged);
    // In a batch, transformers.js lets rows that have ended go on until the last one has.
    expect(together.map((text, row) => text.slice(0, merged?.[row]?.length))).toEqual(merged);
  });

  test('is fetched from the registry by those clients, base and all, with nothing but its name and a key', async () => {
    const repo = job.pushes.find(({ where }) => where === 'registry')?.repo ?? '';
    expect(repo).toMatch(/\/words-\w{6}$/);
    const home = join(service.folder, 'huggingface');
    const env = { HF_ENDPOINT: `${service.stack.url}/hub`, HF_TOKEN: `hf_${service.stack.adminKey}`, HF_HOME: home };
    const asks = [
      { mode: 'adapter', place: repo },
      { mode: 'chat', place: `${repo}-merged` },
    ];
    const command = [python ?? '', here('../clients/published_answers.py')] as const;
    const [adapter, merged] = await askProgram<string[][]>(command, { ...asked, asks }, env);
    expect(adapter).toEqual(merged);
    const { alone } = await node(repo, { ...env, AGON_CACHE: join(service.folder, 'transformers.js') });
    expect(alone).toEqual(merged);
  });

  test('names its base where peft looks for it', async () => {
    const config = JSON.parse(await readFile(join(pulled, 'adapter_config.json'), 'utf8'));
    expect(config).toMatchObject({ base_model_name_or_path: 'agon/agon-tiny', revision: null, task_type: 'CAUSAL_LM' });
  });

  test('has cards whose metadata huggingface_hub reads', async () => {
    const env = { HF_ENDPOINT: `${service.stack.url}/hub`, HF_HOME: join(service.folder, 'huggingface') };
    const read = async (path: string) =>
      askProgram([python ?? '', here('../clients/model_card.py')], await readFile(join(pulled, path), 'utf8'), env);
    const shared = { base_model: 'agon/agon-tiny', pipeline_tag: 'text-generation', license: 'apache-2.0' };
    expect(await read('README.md')).toMatchObject({
      results: [{ task: 'text-generation', metric: 'loss' }],
      data: { ...shared, library_name: 'peft', base_model_relation: 'adapter' },
    });
    expect(await read('merged/README.md')).toMatchObject({
      results: [{ task: 'text-generation', metric: 'loss' }],
      data: { ...shared, library_name: 'transformers', base_model_relation: 'finetune' },
    });
  });

  test('is what its receipt says, though its configuration was corrected', async () => {
    const verified = await runAgon(service.folder, ['verify', join(pulled, 'agon.json'), '--model', pulled]);
    expect(verified.out).toMatch(/model\s+has the bytes that the winner committed/);
    expect(verified.exitCode).toBe(0);
  });
});
