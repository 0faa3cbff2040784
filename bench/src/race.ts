import { openAsBlob } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sendModelFolder } from '@agon/cli/send-model-folder';
import { startMiners } from '@agon/cli/start-miners';
import { type Client, createClient } from '@agon/client';
import { isFinalJob } from '@agon/contracts';
import { quietContext } from './quiet-context.ts';
import { type Bench, resultOf } from './result.ts';
import { withStack } from './stack.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const base = { name: 'agon/agon-tiny', folder: join(root, 'models', 'agon-tiny') };
const datasets = ['dictionary/dictionary.jsonl', 'countries/countries.jsonl', 'small-talk/small-talk.jsonl'];
const seeds = [1, 2, 3];
const minutes = Number(process.env.AGON_BENCH_MINUTES ?? 1);
const alike = ['lora-torch', 'lora-torch'];
const rivals = ['lora-torch', 'full-torch'];
const pollMs = 1_000;
const waitMsMax = (minutes + 15) * 60_000;
/** Two-sided 95 % of Student's t with 8 degrees of freedom: nine pairs. */
const t95 = 2.306;

/**
 * What a race wins over one run of the default recipe with the same budget: nats per token that the winner gains over the
 * base on its report rows, less what a lone run gains on its own. Two trainers of one thread each always run side by side,
 * rivals in a race or lone runs of two jobs, so that both have the same share of the machine.
 */
export const race: Bench = async (say) =>
  withStack(async (stack, folder) => {
    const client = createClient({ baseUrl: stack.url, apiKey: stack.adminKey });
    await sendModelFolder(client, quietContext(), { folder: base.folder, name: base.name, revision: undefined });
    const env = { PATH: process.env.PATH, AGON_PYTHON: process.env.AGON_PYTHON };
    const withMiners = async <T>(label: string, recipes: readonly string[], work: () => Promise<T>): Promise<T> => {
      const miners = await startMiners({
        ...{ url: stack.url, folder: join(folder, label) },
        ...{ recipes, image: null, env },
      });
      try {
        return await work();
      } finally {
        await miners.stop();
      }
    };
    const differences: number[] = [];
    const lone: number[] = [];
    const details: Record<string, string> = {};
    for (const dataset of datasets) {
      const file = join(root, 'datasets', dataset);
      const name = basename(dataset, '.jsonl');
      const alone = await withMiners(`${name} alone`, alike, () => loneRuns(client, file));
      for (const seed of seeds) {
        const many = await withMiners(`${name} ${seed}`, rivals, () => raced(client, { file, seed, seats: 2 }));
        const one = alone.get(seed) ?? Number.NaN;
        differences.push(many.gain - one);
        lone.push(one);
        details[`${name} ${seed}`] = `${many.gain.toFixed(3)} (${many.template}) beside ${one.toFixed(3)}`;
        say(`${name} ${seed}: ${details[`${name} ${seed}`]}`);
      }
    }
    return [summary({ differences, lone, details })];
  });

/** Two at a time; the last seed only keeps the one before it company. */
async function loneRuns(client: Client, file: string): Promise<Map<number, number>> {
  const gains = new Map<number, number>();
  const all = [...seeds, 0];
  for (let index = 0; index < all.length; index += 2) {
    const wave = all.slice(index, index + 2);
    const results = await Promise.all(wave.map((seed) => raced(client, { file, seed, seats: 1 })));
    for (const [at, seed] of wave.entries()) gains.set(seed, results[at]?.gain ?? Number.NaN);
  }
  return gains;
}

function summary(input: { differences: number[]; lone: number[]; details: Record<string, string> }) {
  const { differences, lone, details } = input;
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
      ours: meanOf(lone) + mean,
      yardstick: meanOf(lone),
      details: { minutes, improvement: Number(mean.toFixed(4)), interval, ...details },
    },
    () => mean - half > 0,
  );
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

type Raced = { readonly gain: number; readonly template: string };

async function raced(client: Client, input: { file: string; seed: number; seats: number }): Promise<Raced> {
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
      if (job.result && job.status === 'succeeded')
        return { gain: job.result.gain.value, template: job.result.winner.template };
      throw new Error(`The job ${id} ended as ${job.status}: ${job.error?.message}`);
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  throw new Error(`The job ${id} did not end within ${waitMsMax / 60_000} minutes.`);
}
