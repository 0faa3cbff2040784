import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dockerOfTests } from '../../services/miner/src/testing/docker-tests.ts';
import { logisticCsv } from './harness/dataset.ts';
import { logisticModel } from './harness/models.ts';
import { startService, submitCsv, type TestService, untilEnd } from './harness/service.ts';

const docker = dockerOfTests();
const run = promisify(execFile);

/** Says where it stands for some seconds, then hands in the model that lies beside it. */
const honest = `
i=0
while [ $i -lt 20 ]; do i=$((i + 1)); echo "{\\"step\\": $i, \\"loss\\": 0.$i}"; sleep 0.2; done
cp model.onnx "$AGON_JOB/out/model.onnx"
echo '{"format": "onnx", "files": ["model.onnx"]}' > "$AGON_JOB/out/submission.json"
`;
/** Forks, fills what it can reach, ignores the signal, and prints without end. */
const hostile = `
trap "" TERM
(python3 -c "import os
while True: os.fork()") > /dev/null 2>&1 &
head -c 2000000000 /dev/zero > /tmp/fill 2> /dev/null &
yes "nothing to see here, nothing to see here, nothing to see here"
`;

describe.runIf(docker)('a race in containers', () => {
  let service: TestService;

  async function writeTemplate(name: string, script: string, slope: number): Promise<void> {
    const folder = join(service.templates, name);
    await mkdir(folder, { recursive: true });
    const manifest = {
      ...{ name, version: '1.0.0', summary: 'Of a test.', tasks: ['tabular-classification'] },
      command: ['/bin/sh', 'train.sh'],
      needs: { cpus: 0.1, memory_mib: 64, vram_mib: 0 },
    };
    await writeFile(join(folder, 'template.json'), JSON.stringify(manifest));
    await writeFile(join(folder, 'train.sh'), script);
    await writeFile(join(folder, 'model.onnx'), logisticModel(slope));
  }

  beforeAll(async () => {
    service = await startService();
    await writeTemplate('slope-2', honest, 2);
    await writeTemplate('slope-8', honest, 8);
    await writeTemplate('hostile', hostile, 8);
  });
  afterAll(() => service?.stop());

  const inDocker = () => ({ AGON_RUNNER: 'docker', AGON_IMAGE: docker!.image, DOCKER_HOST: docker!.host });

  const containers = async (): Promise<string[]> => {
    const args = ['ps', '--all', '--quiet', '--no-trunc', '--filter', 'label=agon.run'];
    const { stdout } = await run('docker', args, { env: { ...process.env, DOCKER_HOST: docker!.host } });
    return stdout.split('\n').filter((line) => line !== '');
  };

  async function untilContainer(): Promise<string> {
    for (let attempt = 0; attempt < 400; attempt += 1) {
      const [first] = await containers();
      if (first) return first;
      await sleep(100);
    }
    throw new Error('No container was started.');
  }

  test('is won by an honest one, and a hostile one fails with its reason', async () => {
    const miners = [
      await service.startMiner('plain', 'slope-2'),
      await service.startMiner('contained', 'slope-8', inDocker()),
      await service.startMiner('hostile', 'hostile', inDocker()),
    ];
    const created = await submitCsv(service.client, logisticCsv(1_500), { minutes: 0.7, seats: 3 });
    const { job } = await untilEnd(service.client, created.id);

    expect(job).toMatchObject({ status: 'succeeded', error: null });
    expect(job.result?.winner.miner_name).toBe('contained');
    const runs = (await service.client.jobs.runs(job.id)).data;
    const of = (name: string) => runs.filter((each) => each.miner.name === name);
    expect(of('contained').map((each) => [each.status, each.image])).toEqual([
      ['scored', expect.stringMatching(/sha256:[0-9a-f]{64}$/)],
    ]);
    expect(of('plain').map((each) => [each.status, each.image])).toEqual([['scored', null]]);
    expect(of('hostile').map((each) => each.status)).not.toContain('scored');
    expect(of('hostile')[0]?.error).toMatchObject({
      class: 'user_code',
      message: expect.stringContaining('printed more'),
    });
    const receipt = await service.client.jobs.receipt(job.id);
    const entry = receipt.body.entries.find((each) => each.miner.name === 'contained');
    expect(entry?.image).toBe(of('contained')[0]?.image);
    for (const miner of miners) await miner.stop();
    expect(await containers()).toEqual([]);
  });

  test('goes on when a miner dies: its next life takes the same container and the same lease up', async () => {
    const miner = await service.startMiner('mortal', 'slope-8', inDocker());
    const created = await submitCsv(service.client, logisticCsv(1_500, 2), { minutes: 2, seats: 1 });
    const container = await untilContainer();
    await sleep(1_000);
    process.kill(miner.pid ?? 0, 'SIGKILL');
    await sleep(500);
    expect(await containers()).toEqual([container]);
    const { job, events } = await untilEnd(service.client, created.id);

    expect(job.status).toBe('succeeded');
    expect(events.filter((event) => event.type === 'run.leased')).toHaveLength(1);
    expect((await service.client.jobs.runs(job.id)).data.map((each) => each.status)).toEqual(['scored']);
    await miner.stop();
    expect(await containers()).toEqual([]);
  });
});
