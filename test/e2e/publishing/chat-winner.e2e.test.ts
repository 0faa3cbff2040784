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

let service: TestService;
let job: Job;
let pulled: string;

const node = (place: string) =>
  askProgram<{ alone: string[]; together: string[] }>([process.execPath, here('answers.mjs'), 'chat', place], asked);

describe.skipIf(python === undefined)('the winner of a chat race, with the clients that people have', () => {
  beforeAll(async () => {
    service = await startService();
    await cp(here('../../../templates'), service.templates, { recursive: true });
    const imported = await runAgon(service.folder, ['models', 'import', baseFolder, '--name', 'agon/agon-tiny']);
    expect(imported).toMatchObject({ exitCode: 0 });
    await service.startMiner('ada', 'lora-torch');
    const rows = await readFile(here('../../../datasets/dictionary/dictionary.jsonl'), 'utf8');
    const few = rows.split('\n').slice(0, 600).join('\n');
    const file = await service.client.files.create(new Blob([few]), 'dictionary.jsonl');
    const created = await service.client.jobs.create({
      training_file: file.id,
      task: 'chat',
      base_model: 'agon/agon-tiny',
      text: { max_tokens: 128 },
      budget: { minutes: 0.5, seats: 1 },
      publish: { merged: true },
      suffix: 'words',
    });
    ({ job } = await untilEnd(service.client, created.id));
    expect(job).toMatchObject({ status: 'succeeded' });
    pulled = join(service.folder, 'pulled');
    expect(await runAgon(service.folder, ['pull', job.model ?? '', '--to', pulled])).toMatchObject({ exitCode: 0 });
    const example = JSON.parse(await readFile(join(pulled, 'example.json'), 'utf8'));
    asked.conversations = [...example.prompts, [{ role: 'user', content: 'Hi.' }]];
  });
  afterAll(() => service?.stop());

  test('answers in transformers.js and with peft as its merged weights do in transformers', async () => {
    const asks = [
      { mode: 'chat', place: join(pulled, 'merged') },
      { mode: 'adapter', place: pulled, base: baseFolder },
      { mode: 'chat', place: baseFolder },
    ];
    const [merged, adapter, base] = await askProgram<string[][]>([python ?? '', here('answers.py')], {
      ...asked,
      asks,
    });
    expect(adapter).toEqual(merged);
    expect(base).not.toEqual(merged);
    const { alone, together } = await node(pulled);
    expect(alone).toEqual(merged);
    // In a batch, transformers.js lets rows that have ended go on until the last one has.
    expect(together.map((text, row) => text.slice(0, merged?.[row]?.length))).toEqual(merged);
  });

  test('names its base where peft looks for it', async () => {
    const config = JSON.parse(await readFile(join(pulled, 'adapter_config.json'), 'utf8'));
    expect(config).toMatchObject({ base_model_name_or_path: 'agon/agon-tiny', revision: null, task_type: 'CAUSAL_LM' });
  });

  test('is what its receipt says, though its configuration was corrected', async () => {
    const verified = await runAgon(service.folder, ['verify', join(pulled, 'agon.json'), '--model', pulled]);
    expect(verified.out).toMatch(/model\s+has the bytes that the winner committed/);
    expect(verified.exitCode).toBe(0);
  });
});
