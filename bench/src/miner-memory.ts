import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ServiceProcess } from '@agon/cli/service-process';
import { type Client, createClient } from '@agon/client';
import { type BenchResult, resultOf } from './result.ts';
import { residentMb, withStack } from './stack.ts';

const runs = 4;
const rows = 400;
const mbMax = 150;
const startMsMax = 120_000;
const settleMs = 10_000;
const script = 'i=0; while :; do i=$((i + 1)); echo "{\\"step\\": $i, \\"loss\\": 0.5}"; sleep 0.1; done';

/** Resident memory of a whole miner that has four runs in containers, beside the same miner while it waits for work. */
export const minerMemory = (say: (text: string) => void): Promise<BenchResult> =>
  withStack(async (stack, folder) => {
    await writeTemplate(join(folder, 'templates', 'endless'));
    const miner = new ServiceProcess({
      name: 'miner',
      env: {
        ...passedOn(),
        AGON_URL: stack.url,
        AGON_MINER_DIR: join(folder, 'miner'),
        AGON_MINER_NAME: 'bench',
        AGON_TEMPLATES_DIR: join(folder, 'templates'),
        AGON_TEMPLATES: 'endless',
        AGON_RUNNER: 'docker',
        AGON_CONCURRENCY: String(runs),
        AGON_MEMORY_MIB: '8192',
      },
      logPath: join(folder, 'miner.log'),
    });
    await miner.start();
    try {
      await sleep(settleMs);
      const idle = await residentMb(miner.pid ?? 0);
      say(`${runs} runs at the same time …`);
      const client = createClient({ baseUrl: stack.url, apiKey: stack.adminKey });
      const jobs = await Promise.all(Array.from({ length: runs }, (_, index) => submit(client, index)));
      await untilTraining(client, jobs);
      await sleep(settleMs);
      const busy = await residentMb(miner.pid ?? 0);
      await Promise.all(jobs.map((id) => client.jobs.cancel(id)));
      return resultOf(
        {
          bench: 'container-memory',
          unit: `MB resident of a miner with ${runs} runs in containers, beside the same miner waiting for work`,
          aim: `ours < ${mbMax}`,
        },
        { ours: busy, yardstick: idle },
        ({ ours }) => ours < mbMax,
      );
    } finally {
      await miner.stop();
    }
  });

const passedOn = (): Record<string, string> =>
  Object.fromEntries(
    ['PATH', 'HOME', 'DOCKER_HOST'].flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
  );

async function writeTemplate(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const manifest = {
    ...{ name: 'endless', version: '1.0.0', summary: 'Of a benchmark.', tasks: ['tabular-classification'] },
    command: ['/bin/sh', '-c', script],
    needs: { cpus: 0.1, memory_mib: 64, vram_mib: 0 },
  };
  await writeFile(join(folder, 'template.json'), JSON.stringify(manifest));
}

async function submit(client: Client, seed: number): Promise<string> {
  const lines = Array.from({ length: rows }, (_, row) => `${(row * 7 + seed) % rows},${row % 2 ? 'yes' : 'no'}`);
  const file = await client.files.create(new Blob([`x,answer\n${lines.join('\n')}\n`]), `data-${seed}.csv`);
  const job = await client.jobs.create({ training_file: file.id, target: 'answer', budget: { minutes: 10, seats: 1 } });
  return job.id;
}

async function untilTraining(client: Client, jobs: readonly string[]): Promise<void> {
  for (let waitedMs = 0; waitedMs < startMsMax; waitedMs += 500) {
    const pages = await Promise.all(jobs.map((id) => client.jobs.runs(id)));
    if (pages.every(({ data }) => data.some((run) => run.status === 'training' && run.progress !== null))) return;
    await sleep(500);
  }
  throw new Error('The runs did not all start.');
}
