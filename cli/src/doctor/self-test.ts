import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@agon/kit';
import { type Runner, runTrial, type Template } from '@agon/miner';
import { judgeTrial } from '../template/judge-trial.ts';
import { taskData } from '../template/task-data.ts';
import { bad, type Finding, good } from './finding.ts';

const task = 'tabular-classification';
const seconds = 30;
const graceMs = 15_000;
const submissionBytesMax = 64 * 1024 ** 2;
const memoryMibMin = 1_024;
const logLines = 3;

export type SelfTestInput = {
  readonly runner: Runner;
  readonly template: Template;
  readonly datasetsFolder: string;
  readonly folder: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

/**
 * Trains a small real model through the runner, as for a job, and checks it as the evaluator does; a minute at most.
 *
 * @throws the signal's reason when it is aborted; RunnerError where nothing can be started.
 */
export async function selfTest(input: SelfTestInput): Promise<Finding & { readonly seconds: number }> {
  const { template, folder, signal } = input;
  const data = await taskData(task, 'usual', input.datasetsFolder);
  const { cpus, memory_mib: memoryMib } = template.manifest.needs;
  const job = {
    ...({ contract: 1 as const, run: 'run_selftest', job: 'job_selftest', task } as const),
    ...{ objective: data.objective, seed: 7, table: data.table, text: null, base_model: null },
    limits: {
      cpus: Math.max(1, cpus),
      memory_mib: Math.max(memoryMibMin, memoryMib),
      submission_bytes: submissionBytesMax,
    },
    data: { path: 'data/train.csv', format: 'csv' as const, rows: data.rows },
  };
  const trial = { ...input, job, data: data.train, baseModel: null, seconds, graceMs, name: 'self-test', signal };
  try {
    const end = await runTrial(trial);
    const ended = end.exit.code === 0 && !end.killed;
    const verdict = ended ? await judgeTrial(end, { task, data, job, base: [] }) : undefined;
    const took = `${template.manifest.name} trained for ${end.seconds.toFixed(0)} s`;
    if (verdict?.kind === 'scored')
      return { ...good('self-test', `${took}; its model is accepted`), seconds: end.seconds };
    const log = end.log.split('\n').slice(-logLines).join(' ');
    const why = verdict ? verdict.message : `it ended with code ${end.exit.code}: ${log}`;
    const fix = 'Install what the recipes need (templates/README.md), or run trainers in containers: --runner docker.';
    return { ...bad('self-test', `${took}, but ${why}`, fix), seconds: end.seconds };
  } finally {
    await rm(join(folder, 'runs', 'self-test'), { recursive: true, force: true });
  }
}
