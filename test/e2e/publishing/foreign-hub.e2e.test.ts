import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Job, Push } from '@agon/contracts';
import { type CuttableProxy, cuttableProxy } from '@agon/testing';
import { createRepo, listFiles, uploadFiles } from '@huggingface/hub';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { breakingProxy, type Seen } from '../harness/breaking-proxy.ts';
import { logisticCsv } from '../harness/dataset.ts';
import { logisticModel } from '../harness/models.ts';
import { askProgram, runAgon } from '../harness/programs.ts';
import { startService, type TestService, untilEnd } from '../harness/service.ts';

/** Another service of ours is the foreign hub; the network between the two can be cut. */
let foreign: TestService;
let watched: Awaited<ReturnType<typeof breakingProxy>>;
let network: CuttableProxy;
/** Hears every request to the foreign hub before it goes on. */
let onRequest: (seen: Seen) => void = () => undefined;
let service: TestService;
let alice: string;
let bob: string;
const python = process.env.AGON_PYTHON;
const clients = (name: string): string => fileURLToPath(new URL(`../clients/${name}`, import.meta.url));
const patience = { timeout: 120_000, interval: 500 };

beforeAll(async () => {
  foreign = await startService();
  watched = await breakingProxy(foreign.stack.url, (seen) => {
    onRequest(seen);
    return undefined;
  });
  network = await cuttableProxy(watched.url);
  service = await startService({ HF_ENDPOINT: `${network.url.replace(/\/$/, '')}/hub` });
  const keys = await Promise.all(['alice', 'bob'].map((name) => foreign.client.keys.create({ name })));
  [alice = '', bob = ''] = keys.map((key) => `hf_${key.secret}`);
});
afterAll(async () => {
  await network?.close();
  watched?.close();
  await service?.stop();
  await foreign?.stop();
});

const hubOf = (token: string) => ({ hubUrl: `${foreign.stack.url}/hub`, accessToken: token });

let races = 0;
/** A job whose only submission wins. */
async function win(publish: object): Promise<Job> {
  races += 1;
  const file = await service.client.files.create(new Blob([logisticCsv(600, races)]), 'data.csv');
  const budget = { minutes: 10, seats: 1 };
  const created = await service.client.jobs.create({ training_file: file.id, target: 'answer', budget, publish });
  const folder = join(service.folder, `trained-${races}`);
  await mkdir(folder);
  await writeFile(join(folder, 'model.onnx'), logisticModel(8 + races / 10));
  const handIn = ['mine', 'submit-folder', folder, '--job', created.id, '--name', 'ada'];
  expect(await runAgon(service.folder, handIn)).toMatchObject({ exitCode: 0 });
  const { job } = await untilEnd(service.client, created.id);
  expect(job.status).toBe('succeeded');
  return job;
}

const pushOf = async (modelId: string | null, repo: string): Promise<Push | undefined> =>
  (await service.client.models.retrieve(modelId ?? '')).pushes.find((push) => push.repo === repo);

async function pushWhen(job: Job, repo: string, holds: (push: Push) => boolean): Promise<Push> {
  let found: Push | undefined;
  const look = async (): Promise<boolean> => {
    found = await pushOf(job.model, repo);
    return found !== undefined && holds(found);
  };
  await expect.poll(look, patience).toBe(true);
  return found as Push;
}

async function pathsOf(repo: string, token: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path, type } of listFiles({ repo, recursive: true, ...hubOf(token) })) {
    if (type === 'file' && path !== '.gitattributes') paths.push(path);
  }
  return paths.sort();
}

const commitsOf = async (repo: string, token: string): Promise<unknown[]> => {
  const address = `${foreign.stack.url}/hub/api/models/${repo}/commits/main`;
  return (await fetch(address, { headers: { authorization: `Bearer ${token}` } })).json() as Promise<unknown[]>;
};

const winnerFiles = ['README.md', 'agon.json', 'example.json', 'model.onnx', 'race.svg', 'schema.json'];

describe('a hub that is dead when the winner is published', () => {
  test('delays the push, which the job shows; when it is back, it gets the model, by curl too', async () => {
    network.cut();
    const job = await win({ repo: 'alice/rows', token: alice });
    expect(job.pushes.find(({ where }) => where === 'registry')).toMatchObject({ status: 'done' });
    const waiting = await pushWhen(job, 'alice/rows', ({ message }) => message !== null);
    expect(waiting).toMatchObject({ status: 'pending', url: null });
    expect(waiting.message).toMatch(/The hub is out of reach/);
    network.restore();
    const done = await pushWhen(job, 'alice/rows', ({ status }) => status === 'done');
    expect(done.attempts).toBeGreaterThan(1);
    expect(await pathsOf('alice/rows', alice)).toEqual(winnerFiles);
    const { events } = await untilEnd(service.client, job.id);
    const types = events.map(({ type }) => type);
    expect(types).toEqual(expect.arrayContaining(['push.delayed', 'push.progress', 'push.done']));
    expect(JSON.stringify([job, done, events])).not.toContain(alice);
    const card = await fetch(`${foreign.stack.url}/hub/alice/rows/resolve/main/README.md`, {
      headers: { authorization: `Bearer ${alice}` },
    });
    expect(await card.text()).toMatch(/^---\nlicense: other/);
  });

  test('gets one commit, though the scheduler is killed while it commits', async () => {
    network.cut();
    const job = await win({ repo: 'alice/killed', token: alice });
    await pushWhen(job, 'alice/killed', ({ message }) => message !== null);
    let killed = 0;
    onRequest = ({ url }) => {
      const pid = service.stack.pids().scheduler;
      if (!url.includes('/commit/') || killed > 0 || pid === undefined) return;
      killed += 1;
      process.kill(pid, 'SIGKILL');
    };
    network.restore();
    await pushWhen(job, 'alice/killed', ({ status }) => status === 'done');
    expect(await pathsOf('alice/killed', alice)).toEqual(winnerFiles);
    expect(killed).toBe(1);
    // The one that made the repo, and ours.
    expect(await commitsOf('alice/killed', alice)).toHaveLength(2);
  });
});

describe('a hub that says no', () => {
  let job: Job;
  beforeAll(async () => {
    job = await win({});
  });
  const publish = (...words: string[]) => runAgon(service.folder, ['publish', job.model ?? '', ...words]);

  test('to a token is told before anything is pushed', async () => {
    const ran = await publish('--to', 'alice/wrong', '--token', 'hf_wrong_wrong_wrong');
    expect(ran).toMatchObject({ exitCode: 1, err: expect.stringContaining('does not take this token') });
    expect((await service.client.models.retrieve(job.model ?? '')).pushes).toHaveLength(1);
  });

  test('because the name belongs to somebody else ends the push with that reason', async () => {
    const ran = await publish('--to', 'bob/rows', '--token', alice, '--watch');
    expect(ran).toMatchObject({ exitCode: 1, out: expect.stringMatching(/✗ bob\/rows: The token may not write/) });
    expect(await pushOf(job.model, 'bob/rows')).toMatchObject({ status: 'failed', attempts: 1 });
  });

  test('nothing, but has a repo with other files: they are left alone', async () => {
    await createRepo({ repo: 'bob/mine', visibility: 'private', ...hubOf(bob) });
    const weights = { path: 'model.safetensors', content: new Blob(['mine']) };
    await uploadFiles({ repo: 'bob/mine', files: [weights], ...hubOf(bob) });
    const ran = await publish('--to', 'bob/mine', '--token', bob, '--watch');
    expect(ran).toMatchObject({
      exitCode: 1,
      out: expect.stringContaining('has files that were not pushed from here'),
    });
    expect(await pathsOf('bob/mine', bob)).toEqual(['model.safetensors']);
  });

  test('never, and gets the model from the command line', async () => {
    await createRepo({ repo: 'bob/soon', visibility: 'private', ...hubOf(bob) });
    const ran = await publish('--to', 'bob/soon', '--token', bob, '--watch', '--json');
    expect(JSON.parse(ran.out)).toMatchObject({ repo: 'bob/soon', status: 'done', progress: 1 });
    expect(await pathsOf('bob/soon', bob)).toEqual(winnerFiles);
    expect(JSON.parse((await publish('--to', 'bob/soon', '--token', bob, '--watch', '--json')).out).status).toBe(
      'done',
    );
    expect(await commitsOf('bob/soon', bob)).toHaveLength(2);
    const models = await runAgon(service.folder, ['models']);
    expect(models.out).toMatch(/bob\/soon ✓/);
  });

  test.skipIf(python === undefined)('to the model card, whose metadata huggingface_hub reads', async () => {
    const readme = await (await service.client.models.file(job.model ?? '', 'README.md')).text();
    const env = { HF_ENDPOINT: `${service.stack.url}/hub`, HF_HOME: join(service.folder, 'huggingface') };
    const found = await askProgram([python ?? '', clients('model_card.py')], readme, env);
    expect(found).toMatchObject({
      results: [
        {
          task: 'tabular-classification',
          dataset: 'hidden report rows',
          metric: 'log_loss',
          value: job.result?.report.value,
        },
      ],
      data: { library_name: 'onnx', pipeline_tag: 'tabular-classification', license: 'other' },
    });
  });

  test('to nobody who pulls the winner by its repo in the registry', async () => {
    const repo = job.pushes.find(({ where }) => where === 'registry')?.repo ?? '';
    const folder = join(service.folder, 'pulled');
    expect(await runAgon(service.folder, ['pull', repo, '--to', folder])).toMatchObject({ exitCode: 0 });
    expect(await readFile(join(folder, 'race.svg'), 'utf8')).toMatch(/^<svg /);
  });
});
