import { openAsBlob } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sendModelFolder } from '@agon/cli/send-model-folder';
import { startMiners } from '@agon/cli/start-miners';
import { type Client, createClient } from '@agon/client';
import { isFinalJob, type Job } from '@agon/contracts';
import { type Bench, resultOf } from './result.ts';
import { withStack } from './stack.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const base = { name: 'agon/agon-tiny', folder: join(root, 'models', 'agon-tiny') };
const datasets = ['dictionary/dictionary.jsonl', 'countries/countries.jsonl', 'small-talk/small-talk.jsonl'];
const seeds = [1, 2, 3];
const minutes = Number(process.env.AGON_BENCH_MINUTES ?? 1);
const solo = ['lora-torch'];
const rivals = ['lora-torch', 'full-torch'];
const pollMs = 1_000;
const waitMsMax = (minutes + 15) * 60_000;
/** Two-sided 95 % of Student's t with 8 degrees of freedom: nine pairs. */
const t95 = 2.306;

/**
 * What a race wins over one run of the default recipe with the same budget: nats per token that the winner gains over the
 * base on its report rows, less what the lone run gains on its own. Every trainer has one thread, in the race and alone.
 */
export const race: Bench = async (say) =>
  withStack(async (stack, folder) => {
    const client = createClient({ baseUrl: stack.url, apiKey: stack.adminKey });
    await sendModelFolder(client, quietContext(), { folder: base.folder, name: base.name, revision: undefined });
    const env = { PATH: process.env.PATH, AGON_PYTHON: process.env.AGON_PYTHON };
    const gainOf = async (input: { recipes: readonly string[]; file: string; seed: number; label: string }) => {
      // Two places also for the lone recipe, so that its share of the machine is the same.
      const miners = await startMiners({ ...input, url: stack.url, folder: join(folder, input.label), env, share: 2 });
      try {
        const job = await raced(client, { ...input, seats: input.recipes.length });
        return { gain: job.result?.gain.value ?? 0, template: job.result?.winner.template ?? 'none' };
      } finally {
        await miners.stop();
      }
    };
    const differences: number[] = [];
    const alone: number[] = [];
    const details: Record<string, string> = {};
    for (const dataset of datasets) {
      for (const seed of seeds) {
        const input = { file: join(root, 'datasets', dataset), seed };
        const name = `${basename(dataset, '.jsonl')} ${seed}`;
        const one = await gainOf({ ...input, recipes: solo, label: `${name} alone` });
        const many = await gainOf({ ...input, recipes: rivals, label: `${name} race` });
        differences.push(many.gain - one.gain);
        alone.push(one.gain);
        details[name] = `${many.gain.toFixed(3)} (${many.template}) beside ${one.gain.toFixed(3)}`;
        say(`${name}: ${details[name]}`);
      }
    }
    return [summary({ differences, alone, details })];
  });

function summary(input: { differences: number[]; alone: number[]; details: Record<string, string> }) {
  const { differences, alone, details } = input;
  const mean = meanOf(differences);
  const variance = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (differences.length - 1);
  const half = t95 * Math.sqrt(variance / differences.length);
  const interval = `${(mean - half).toFixed(3)} to ${(mean + half).toFixed(3)}`;
  return resultOf(
    {
      bench: 'race',
      unit: 'nats per token gained over the base',
      aim: 'improvement whose 95 % interval is above 0',
    },
    {
      ours: meanOf(alone) + mean,
      yardstick: meanOf(alone),
      details: { minutes, improvement: Number(mean.toFixed(4)), interval, ...details },
    },
    () => mean - half > 0,
  );
}

/** A command's surroundings without a terminal. */
const quietContext = () => ({
  env: {},
  cwd: root,
  out: () => undefined,
  err: () => undefined,
  isTerminal: false,
  interrupted: new AbortController().signal,
});

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

async function raced(client: Client, input: { file: string; seed: number; seats: number }): Promise<Job> {
  const file = await client.files.create(await openAsBlob(input.file), basename(input.file));
  const { id } = await client.jobs.create({
    training_file: file.id,
    task: 'chat',
    base_model: base.name,
    text: { max_tokens: 256 },
    budget: { minutes, seats: input.seats },
    seed: input.seed,
  });
  const endMs = Date.now() + waitMsMax;
  while (Date.now() < endMs) {
    const job = await client.jobs.retrieve(id);
    if (isFinalJob(job.status)) {
      if (job.status === 'succeeded') return job;
      throw new Error(`The job ${id} ended as ${job.status}: ${job.error?.message}`);
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  throw new Error(`The job ${id} did not end within ${waitMsMax / 60_000} minutes.`);
}
