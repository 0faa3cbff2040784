import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ServiceProcess } from '@agon/cli/service-process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importAgonTiny } from './harness/agon-tiny.ts';
import { startService, type TestService } from './harness/service.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const rows = join(root, 'datasets', 'dictionary', 'dictionary.jsonl');
const model = 'agon/agon-tiny';
const linesMax = 25;

let service: TestService;
const miners: ServiceProcess[] = [];
beforeAll(async () => {
  service = await startService();
  await importAgonTiny(service.client);
  for (const template of ['lora-torch', 'full-torch']) {
    miners.push(await service.startMiner(template, template, join(root, 'templates')));
  }
});
afterAll(() => service?.stop());

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
