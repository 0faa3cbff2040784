import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tinyModel } from '@agon/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { logisticCsv } from './harness/dataset.ts';
import { logisticModel } from './harness/models.ts';
import { startService, submitCsv, type TestService, untilEnd } from './harness/service.ts';

const agonPath = fileURLToPath(new URL('../../cli/bin/agon.js', import.meta.url));
let service: TestService;

beforeAll(async () => {
  service = await startService();
});
afterAll(() => service?.stop());

type Ran = { readonly exitCode: number; readonly out: string; readonly err: string };

/** Runs the command as a person would, with the service that `agon up` wrote down. */
function agon(...words: string[]): Promise<Ran> {
  const env = { PATH: process.env.PATH, AGON_HOME: service.folder };
  return new Promise((resolve) => {
    execFile(process.execPath, [agonPath, ...words], { env, cwd: service.folder }, (error, out, err) => {
      resolve({ exitCode: error ? Number(error.code) : 0, out, err });
    });
  });
}

async function folderWith(name: string, files: ReadonlyMap<string, Uint8Array>): Promise<string> {
  const folder = join(service.folder, name);
  await mkdir(folder, { recursive: true });
  for (const [path, bytes] of files) await writeFile(join(folder, path), bytes);
  return folder;
}

test('a model that was trained elsewhere is handed in, scored and wins', async () => {
  const created = await submitCsv(service.client, logisticCsv(1_000, 3), { minutes: 30, seats: 1 });
  const folder = await folderWith('trained', new Map([['logistic.onnx', logisticModel(8)]]));
  const handed = await agon(
    'mine',
    'submit-folder',
    folder,
    '--job',
    created.id,
    '--name',
    'ada',
    '--label',
    'my-trainer',
  );
  expect(handed).toMatchObject({ exitCode: 0, out: expect.stringMatching(/^run_\w+ accepted and scored/) });
  const { job } = await untilEnd(service.client, created.id);
  expect(job).toMatchObject({
    status: 'succeeded',
    result: { winner: { miner_name: 'ada', template: 'my-trainer' } },
  });
});

test('a file that is no model is rejected with its reason, and the seat is free for another', async () => {
  const created = await submitCsv(service.client, logisticCsv(1_000, 4), { minutes: 30, seats: 1 });
  const bad = await folderWith('bad', new Map([['model.onnx', Buffer.from('not a model')]]));
  const refused = await agon('mine', 'submit-folder', bad, '--job', created.id, '--name', 'eve');
  expect(refused).toMatchObject({ exitCode: 1, out: expect.stringContaining('model_unreadable') });
  const good = await folderWith('good', new Map([['model.onnx', logisticModel(8)]]));
  const taken = await agon('mine', 'submit-folder', good, '--job', created.id, '--name', 'ada', '--json');
  expect(JSON.parse(taken.out)).toMatchObject({ status: 'scored', job: created.id });
});

test('a folder that is no submission takes no seat', async () => {
  const created = await submitCsv(service.client, logisticCsv(1_000, 5), { minutes: 30, seats: 1 });
  const empty = await folderWith('empty', new Map([['notes.txt', Buffer.from('x')]]));
  const refused = await agon('mine', 'submit-folder', empty, '--job', created.id);
  expect(refused).toMatchObject({ exitCode: 1, err: expect.stringContaining('adapter_config.json') });
  expect((await service.client.jobs.runs(created.id)).data).toEqual([]);
});

test('a base model is imported once and listed', async () => {
  const folder = await folderWith('tiny', tinyModel());
  const made = JSON.parse((await agon('models', 'import', folder, '--name', 'agon/nano', '--json')).out);
  expect(made).toMatchObject({ name: 'agon/nano', facts: { kind: 'causal' } });
  expect(JSON.parse((await agon('models', 'import', folder, '--name', 'agon/nano', '--json')).out)).toEqual(made);
  expect((await agon('models', '--base')).out).toContain(made.id);
  expect((await service.client.files.list({ purpose: 'base-model' })).data).toEqual([]);
});

test('a folder that is no base model is refused before anything is sent', async () => {
  const folder = await folderWith(
    'pickled',
    tinyModel('causal', { 'model.safetensors': null, 'pytorch_model.bin': 'x' }),
  );
  const refused = await agon('models', 'import', folder, '--name', 'agon/pickled');
  expect(refused).toMatchObject({ exitCode: 1, err: expect.stringContaining('pickle') });
});
