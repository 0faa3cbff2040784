import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SelfTest } from '@agon/contracts';
import type { Clock } from '@agon/kit';
import { runFolder } from '../run-folder.ts';
import type { Runner } from '../runner/runner.ts';
import { readSubmission } from '../submission/read-submission.ts';
import { type Template, templateId } from '../template/load-templates.ts';
import { runTrial, type TrialEnd, type TrialInput } from '../trial/run-trial.ts';

/** Together with the grace less than a minute. */
const trainSeconds = 40;
const graceMs = 10_000;
const rows = 240;
const submissionBytes = 64 * 1024 * 1024;
const runName = 'self-test';

export type SelfTestInput = {
  readonly runner: Runner;
  readonly templates: readonly Template[];
  readonly folder: string;
  readonly cpus: number;
  readonly memoryMib: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

/**
 * Trains a tiny table as a run would be trained. Answers undefined where no recipe of the miner knows tables.
 *
 * @throws the signal's reason when it is aborted
 */
export async function runSelfTest(input: SelfTestInput): Promise<SelfTest | undefined> {
  const template = input.templates.find(({ manifest }) => manifest.tasks.includes('tabular-classification'));
  if (!template) return undefined;
  const startedMs = input.clock.nowMs();
  const { ok, message } = await train(input, template).catch((error: unknown) => {
    input.signal.throwIfAborted();
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  });
  await rm(runFolder(input.folder, runName).root, { recursive: true, force: true });
  return {
    ok,
    tested_at: Math.floor(input.clock.nowMs() / 1000),
    runner: input.runner.kind,
    template: templateId(template),
    seconds: Math.round((input.clock.nowMs() - startedMs) / 100) / 10,
    message: message.slice(0, 500),
  };
}

async function train(input: SelfTestInput, template: Template): Promise<Pick<SelfTest, 'ok' | 'message'>> {
  const { runner, clock, folder, signal } = input;
  await rm(join(runFolder(folder, runName).root), { recursive: true, force: true });
  const end = await runTrial({
    ...{ runner, template, clock, folder, signal, graceMs, name: runName },
    job: jobOf(input),
    data: Buffer.from(table()),
    baseModel: null,
    seconds: trainSeconds,
  });
  if (end.exit.code !== 0) return { ok: false, message: faultOf(end) };
  const { files } = await readSubmission(end.out, { bytesMax: submissionBytes });
  const steps = end.progress.at(-1)?.step ?? 0;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return { ok: true, message: `Trained ${steps} steps and handed in ${bytes} bytes.` };
}

function faultOf({ exit, killed, log }: TrialEnd): string {
  const last = log.split('\n').at(-1) ?? '';
  if (exit.outOfMemory) return 'The training ran out of memory.';
  if (killed) return 'The training did not end when it was told to.';
  return exit.reason ?? `The training ended with code ${exit.code}. ${last}`.trim();
}

function jobOf({ cpus, memoryMib }: SelfTestInput): TrialInput['job'] {
  return {
    contract: 1,
    run: runName,
    job: runName,
    task: 'tabular-classification',
    objective: { metric: 'log_loss', direction: 'minimize', goal: null },
    seed: 1,
    limits: { cpus, memory_mib: memoryMib, submission_bytes: submissionBytes },
    data: { path: 'data/train.csv', format: 'csv', rows },
    table: {
      target: 'answer',
      classes: ['no', 'yes'],
      columns: [
        { name: 'x', input: 'x', kind: 'number' },
        { name: 'colour', input: 'colour', kind: 'category' },
      ],
    },
    text: null,
    base_model: null,
  };
}

/** Something that can be learnt, the same each time. */
function table(): string {
  const colours = ['red', 'green', 'blue'];
  const lines = Array.from({ length: rows }, (_, row) => {
    const x = (row * 37) % rows;
    return `${x},${colours[row % 3]},${x + (row % 3) * 20 > rows / 2 ? 'yes' : 'no'}`;
  });
  return `x,colour,answer\n${lines.join('\n')}\n`;
}
