import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { verifyReceipt } from '@agon/cli/verify';
import { createClient } from '@agon/client';
import type { Job } from '@agon/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { untilEnd } from '../e2e/harness/service.ts';
import { type Project, root, run, startProject } from './compose-project.ts';
import { networkedDocker } from './networked-docker.ts';

const buildMsMax = 30 * 60_000;
const raceMsMax = 6 * 60_000;

type Listed = { Service: string; Publishers: { PublishedPort: number }[] | null; State: string; ExitCode: number };

describe.runIf(process.env.AGON_TEST_DOCKER_HOST)('the composed system', () => {
  let project: Project;
  let stop: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    stop = await networkedDocker();
    project = await startProject('agon-composed');
  }, buildMsMax);
  afterAll(async () => {
    await project?.down();
    await stop?.();
  }, buildMsMax);

  const client = () => createClient({ baseUrl: project.url, apiKey: project.adminKey });
  const listed = async (): Promise<Listed[]> =>
    (await project.compose('ps', '--all', '--format', 'json')).split('\n').map((line) => JSON.parse(line) as Listed);

  async function race(): Promise<Job> {
    const csv = await readFile(join(root, 'datasets/penguins/penguins.csv'));
    const file = await client().files.create(new Blob([new Uint8Array(csv)]), 'penguins.csv');
    const created = await client().jobs.create({
      training_file: file.id,
      target: 'species',
      budget: { minutes: 0.5, seats: 1 },
    });
    return (await untilEnd(client(), created.id)).job;
  }

  test(
    'runs the demo job from end to end, and only the api can be reached',
    async () => {
      const published = (await listed()).filter(({ Publishers }) => Publishers?.some((one) => one.PublishedPort > 0));
      expect(published.map(({ Service }) => Service)).toEqual(['api']);

      const job = await race();
      expect(job).toMatchObject({ status: 'succeeded', error: null });
      expect(job.result?.winner.miner_name).toBe('house');

      const receipt = await client().jobs.receipt(job.id);
      const keys = (await client().signingKeys()).data.map((key) => key.public_key);
      const checks = await verifyReceipt(receipt, { signingKeys: keys, dataset: undefined, model: undefined });
      expect(checks.filter((check) => check.ok !== true)).toEqual([]);
      const rows = [
        {
          island: 'Biscoe',
          bill_length_mm: 50,
          bill_depth_mm: 15,
          flipper_length_mm: 225,
          body_mass_g: 5_500,
          sex: 'male',
        },
      ];
      expect((await client().models.predict(job.model ?? '', { rows })).data[0]?.label).toBe('Gentoo');
    },
    raceMsMax,
  );

  test(
    'the miner reaches the api and no server that keeps state',
    async () => {
      const reach = (host: string, port: number): Promise<string> =>
        project.compose(
          'exec',
          '-T',
          'miner',
          'node',
          '-e',
          `const s = require('node:net').connect({ host: '${host}', port: ${port}, timeout: 3000 }); const say = (t) => { console.log(t); process.exit() }; s.on('connect', () => say('reached')).on('error', () => say('out of reach')).on('timeout', () => say('out of reach'))`,
        );
      expect(await reach('api', 8080)).toBe('reached');
      for (const [host, port] of [
        ['mongo', 27_017],
        ['redis', 6_379],
        ['s3', 9_000],
        ['evaluator', 8_081],
      ] as const) {
        expect(await reach(host, port), host).toBe('out of reach');
      }
    },
    raceMsMax,
  );

  test(
    'a queue that lost everything loses no job, and services end in good order',
    async () => {
      await project.compose('rm', '--stop', '--force', '--volumes', 'redis');
      await run('docker', ['volume', 'rm', 'agon-composed_redis-standin']);
      await project.compose('up', '--no-build', '--pull', 'never', '--wait', '--wait-timeout', '120');
      expect((await race()).status).toBe('succeeded');

      await project.compose('stop', 'api', 'scheduler', 'evaluator', 'miner');
      const ended = (await listed()).filter(({ Service }) =>
        ['api', 'scheduler', 'evaluator', 'miner'].includes(Service),
      );
      expect(ended.map(({ Service, ExitCode }) => `${Service} ${ExitCode}`).sort()).toEqual([
        'api 0',
        'evaluator 0',
        'miner 0',
        'scheduler 0',
      ]);
    },
    raceMsMax,
  );
});
