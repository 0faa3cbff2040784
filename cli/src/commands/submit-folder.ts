import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import type { MinerRun } from '@agon/contracts';
import { createLogger, readOrMakeSigningKey, systemClock } from '@agon/kit';
import { detectCapabilities, type SubmissionStep, submitFolder } from '@agon/miner';
import type { Command } from 'commander';
import { addCommand, positiveNumber } from '../command.ts';
import { CommandError, type Context, connection, homeFolder, type SharedOptions } from '../context.ts';
import { formatBytes } from '../terminal/table.ts';

type Options = SharedOptions & {
  job: string;
  folder?: string;
  name?: string;
  label: string;
  wait: number;
  verdict: boolean;
};

const verdictMs = 15 * 60_000;

/** `agon mine submit-folder`: hands in what any trainer wrote. */
export function addSubmitFolder(mine: Command, context: Context): void {
  addCommand(mine, {
    usage: 'submit-folder <model>',
    summary: 'hand in a model that is trained already, whatever trained it: a LoRA adapter, a checkpoint or ONNX',
    examples: [
      'mine submit-folder ./my-adapter --job job_01abc…',
      'mine submit-folder ./checkpoint-500 --job any --name anna --label my-trainer',
      'mine submit-folder model.d --job job_01abc… --no-verdict --json',
    ],
  })
    .requiredOption('--job <job>', 'the job to take a seat of, or any')
    .option('--folder <folder>', 'key of this miner (default: miner/<name> in the .agon folder)')
    .option('--name <name>', 'name shown in races (default: from the host)')
    .option('--label <label>', 'shown in place of a recipe', 'submit-folder')
    .option('--wait <seconds>', 'how long to wait for a free seat', positiveNumber, 60)
    .option('--no-verdict', 'do not wait until the model is checked and scored')
    .action((model: string, options: Options) => submit(context, model, options));
}

async function submit(context: Context, model: string, options: Options): Promise<void> {
  if (!/^(any|job_[0-9a-z]{8,64})$/.test(options.job)) {
    throw new CommandError(`--job ${options.job} is not the id of a job, nor any.`);
  }
  const host = hostname().split('.')[0]?.slice(0, 20) || 'miner';
  const name = options.name ?? `${host}-folder`.replace(/[^A-Za-z0-9 ._-]/g, '-');
  const folder = options.folder ? resolve(context.cwd, options.folder) : join(await homeFolder(context), 'miner', name);
  await mkdir(folder, { recursive: true });
  const run = await submitFolder({
    baseUrl: (await connection(context, options)).url,
    key: await readOrMakeSigningKey(join(folder, 'identity.pem')),
    name,
    folder: resolve(context.cwd, model),
    jobId: options.job === 'any' ? undefined : options.job,
    label: options.label,
    capabilities: await detectCapabilities(folder),
    waitMs: options.wait * 1000,
    verdictMs: options.verdict ? verdictMs : 0,
    signal: context.interrupted,
    log: createLogger({ name: 'miner', level: 'error' }),
    clock: systemClock,
    newNonce: () => randomBytes(18).toString('base64url'),
    onStep: (step) => (options.json ? undefined : context.err(describeStep(step))),
  });
  context.out(options.json ? JSON.stringify(run) : describeRun(run));
  if (run.status === 'rejected' || run.status === 'failed') process.exitCode = 1;
}

function describeStep(step: SubmissionStep): string {
  switch (step.kind) {
    case 'read':
      return `${step.format}: ${step.files} ${step.files === 1 ? 'file' : 'files'}, ${formatBytes(step.bytes)}`;
    case 'leased':
      return `${step.run} has a seat of ${step.job} (${step.task})`;
    case 'sent':
      return `${step.run} is with the service; it is checked and scored now`;
  }
}

function describeRun(run: MinerRun): string {
  if (run.error) return `${run.id} ${run.status}: ${run.error.code}: ${run.error.message}`;
  if (run.status === 'scored') return `${run.id} accepted and scored. Scores are shown when the job is judged.`;
  return `${run.id} ${run.status}`;
}
