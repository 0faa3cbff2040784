import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServiceProcess } from '@agon/cli/service-process';
import { type Stack, startStack } from '@agon/cli/stack';
import { type Client, createClient } from '@agon/client';
import type { Job, JobEvent } from '@agon/contracts';
import { Shutdown } from '@agon/kit';

export type TestService = {
  readonly folder: string;
  readonly templates: string;
  readonly stack: Stack;
  readonly client: Client;
  /** Starts a miner as a process of its own. */
  readonly startMiner: (
    name: string,
    template: string,
    settings?: Readonly<Record<string, string>>,
  ) => Promise<ServiceProcess>;
  readonly stop: () => Promise<void>;
};

/** The whole service in a temporary folder, on free ports, as \`agon up\` starts it. */
export async function startService(settings: Readonly<Record<string, string>> = {}): Promise<TestService> {
  const folder = await mkdtemp(join(tmpdir(), 'agon-e2e-'));
  const shutdown = new Shutdown();
  shutdown.add('folder', () => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, LOG_LEVEL: 'info', ...settings };
  const stack = await startStack({ folder, host: '127.0.0.1', port: 0, env });
  shutdown.add('stack', stack.stop);
  const templates = join(folder, 'templates');
  const startMiner: TestService['startMiner'] = async (name, template, settings = {}) => {
    const miner = new ServiceProcess({
      name: 'miner',
      env: { ...minerEnvironment({ url: stack.url, folder, templates, name, template }), ...settings },
      logPath: join(folder, 'logs', `miner-${name}.log`),
    });
    shutdown.add(`miner ${name}`, () => miner.stop());
    await miner.start();
    return miner;
  };
  const client = createClient({ baseUrl: stack.url, apiKey: stack.adminKey });
  return { folder, templates, stack, client, startMiner, stop: () => shutdown.run() };
}

const minerEnvironment = (miner: {
  url: string;
  folder: string;
  templates: string;
  name: string;
  template: string;
}) => ({
  PATH: process.env.PATH ?? '',
  HOME: process.env.HOME ?? '',
  AGON_URL: miner.url,
  AGON_MINER_DIR: join(miner.folder, 'miners', miner.name),
  AGON_MINER_NAME: miner.name,
  AGON_TEMPLATES_DIR: miner.templates,
  AGON_TEMPLATES: miner.template,
  AGON_PYTHON: process.env.AGON_PYTHON ?? 'python3',
  AGON_CPUS: '1',
  AGON_MEMORY_MIB: '4096',
});

/** Uploads a CSV and creates a job that learns its column \`answer\`. */
export async function submitCsv(client: Client, csv: string, budget: { minutes: number; seats: number }): Promise<Job> {
  const file = await client.files.create(new Blob([csv]), 'data.csv');
  return client.jobs.create({ training_file: file.id, target: 'answer', budget });
}

/** Follows a job to its end; answers it with every event it had. */
export async function untilEnd(client: Client, jobId: string): Promise<{ job: Job; events: JobEvent[] }> {
  const events: JobEvent[] = [];
  for await (const item of client.jobs.stream(jobId)) if (item.kind === 'event') events.push(item.event);
  return { job: await client.jobs.retrieve(jobId), events };
}
