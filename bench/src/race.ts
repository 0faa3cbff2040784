import { createWriteStream, openAsBlob } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { rescoreLanguage } from '@agon/cli/rescore-language';
import { sendModelFolder } from '@agon/cli/send-model-folder';
import { startMiners } from '@agon/cli/start-miners';
import { type Client, createClient } from '@agon/client';
import { isFinalJob, type Job, type ReceiptBody } from '@agon/contracts';
import { systemClock } from '@agon/kit';
import { fileArtifactStore } from '@agon/store';
import { quietContext } from './quiet-context.ts';
import { type Bench, resultOf } from './result.ts';
import { withStack } from './stack.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const base = { name: 'agon/agon-tiny', folder: join(root, 'models', 'agon-tiny') };
const datasets = ['dictionary/dictionary.jsonl', 'countries/countries.jsonl', 'small-talk/small-talk.jsonl'];
const seeds = [1, 2, 3];
const minutes = Number(process.env.AGON_BENCH_MINUTES ?? 1);
/** The recipe that a miner runs who chooses none. */
const usual = 'lora-torch';
const rivals = [usual, 'full-torch'];
const pollMs = 1_000;
const waitMsMax = (minutes + 15) * 60_000;
/** Two-sided 95 % of Student's t: with 8 degrees of freedom for nine races, with 6 for three seeds of three datasets. */
const t95 = { races: 2.306, seeds: 2.447 };

/**
 * What a race wins over one run of the default recipe with the same budget: the report loss of that recipe's own run in the
 * race less that of the winner, in nats per token. Both are of the same rows, which chose neither, and of trainers that ran
 * side by side with one thread each. The service scores winners only; the other is scored here, from its committed files.
 */
export const race: Bench = async (say) =>
  withStack(async (stack, folder) => {
    const client = createClient({ baseUrl: stack.url, apiKey: stack.adminKey });
    await sendModelFolder(client, quietContext(), { folder: base.folder, name: base.name, revision: undefined });
    const env = { PATH: process.env.PATH, AGON_PYTHON: process.env.AGON_PYTHON };
    const miners = await startMiners({
      ...{ url: stack.url, folder: join(folder, 'miners') },
      ...{ recipes: rivals, image: null, env },
    });
    try {
      const races: Race[] = [];
      for (const dataset of datasets) {
        for (const seed of seeds) {
          const file = join(root, 'datasets', dataset);
          const raced = await raceOnce({ client, folder, file, seed });
          say(`${raced.name}: ${describe(raced)}`);
          races.push(raced);
        }
      }
      return [summary(races)];
    } finally {
      await miners.stop();
    }
  });

type Race = {
  readonly name: string;
  readonly template: string;
  readonly winner: number;
  readonly usual: number;
  readonly base: number;
};

const describe = (race: Race): string =>
  `${race.winner.toFixed(3)} (${race.template}) beside ${race.usual.toFixed(3)}; base ${race.base.toFixed(3)}`;

type Work = { readonly client: Client; readonly folder: string; readonly file: string; readonly seed: number };

async function raceOnce(work: Work): Promise<Race> {
  const { id, result } = await ended(work);
  if (!result) throw new Error(`The job ${id} has no result.`);
  const { body } = await work.client.jobs.receipt(id);
  const winner = result.report.value;
  const isUsual = result.winner.template.startsWith(usual);
  return {
    name: `${basename(work.file, '.jsonl')} ${work.seed}`,
    template: result.winner.template,
    winner,
    usual: isUsual ? winner : await reportLossOf(work, body),
    base: result.baseline.report,
  };
}

/** The report loss of the default recipe's run, as the evaluator would measure it. */
async function reportLossOf({ folder, file }: Work, body: ReceiptBody): Promise<number> {
  const entry = body.entries.find(({ template }) => template?.startsWith(usual));
  if (!entry) throw new Error(`${usual} took no seat in ${body.job.id}.`);
  const artifacts = fileArtifactStore({ folder: join(folder, 'artifacts'), clock: systemClock });
  const model = join(folder, 'rescored', entry.run);
  for (const { path, sha256 } of entry.files) {
    await mkdir(dirname(join(model, path)), { recursive: true });
    await pipeline(artifacts.read(sha256), createWriteStream(join(model, path)));
  }
  const ours = { ...body, winner: { ...body.winner, run: entry.run } };
  return rescoreLanguage(ours, { dataset: file, model, base: base.folder, format: 'peft-lora' });
}

async function ended({ client, file: path, seed }: Work): Promise<Job> {
  const file = await client.files.create(await openAsBlob(path), basename(path));
  const { id } = await client.jobs.create({
    training_file: file.id,
    task: 'chat',
    base_model: base.name,
    text: { max_tokens: 256 },
    budget: { minutes, seats: rivals.length },
    seed,
  });
  const endMs = Date.now() + waitMsMax;
  while (Date.now() < endMs) {
    const job = await client.jobs.retrieve(id);
    if (job.status === 'succeeded') return job;
    if (isFinalJob(job.status)) throw new Error(`The job ${id} ended as ${job.status}: ${job.error?.message}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  throw new Error(`The job ${id} did not end within ${waitMsMax / 60_000} minutes.`);
}

function summary(races: readonly Race[]) {
  const differences = races.map(({ winner, usual }) => usual - winner);
  const mean = meanOf(differences);
  const half = t95.races * Math.sqrt(varianceOf(differences) / differences.length);
  // Datasets differ by far more than seeds do: what another seed would give for these three is known much better.
  const within = datasets.map((_, index) =>
    varianceOf(differences.slice(index * seeds.length, (index + 1) * seeds.length)),
  );
  const halfOfSeeds = t95.seeds * Math.sqrt(meanOf(within) / differences.length);
  return resultOf(
    {
      bench: 'race',
      unit: 'nats per token below the base',
      aim: 'improvement whose 95 % interval is above 0',
    },
    {
      ours: meanOf(races.map((each) => each.base - each.winner)),
      yardstick: meanOf(races.map((each) => each.base - each.usual)),
      details: {
        ...{ minutes, improvement: Number(mean.toFixed(4)) },
        ...{ interval: around(mean, half), interval_for_these_datasets: around(mean, halfOfSeeds) },
        ...Object.fromEntries(races.map((each) => [each.name, describe(each)])),
      },
    },
    () => mean - half > 0,
  );
}

const around = (mean: number, half: number): string => `${(mean - half).toFixed(3)} to ${(mean + half).toFixed(3)}`;

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const varianceOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + (value - meanOf(values)) ** 2, 0) / (values.length - 1);
