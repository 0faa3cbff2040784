import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskName } from '@agon/contracts';
import type { Clock } from '@agon/kit';
import type { ModelFile } from '@agon/language';
import { type Runner, runTrial, type Template, type TrialEnd, type TrialInput } from '@agon/miner';
import type { CheckName, CheckResult } from './check-table.ts';
import { type Judging, judgeTrial, linksIn, type Verdict } from './judge-trial.ts';
import { type DataKind, type TaskData, taskData } from './task-data.ts';

const submissionBytesMax = 512 * 1024 ** 2;
const memoryMibMin = 2_048;
/** Far beyond what a trial lasts: the trainer must not end by itself before it is told. */
const secondsOfSigterm = 900;
/** Until a trainer that says nothing is told to save. */
const silentMsMax = 60_000;
const logLines = 6;

export type ConformanceInput = {
  readonly runner: Runner;
  readonly template: Template;
  readonly datasetsFolder: string;
  readonly clock: Clock;
  /** Of this test; the job folders of the trials lie in it. */
  readonly folder: string;
  /** For tasks that start from one; null where the template does without. */
  readonly base: { readonly folder: string; readonly files: readonly ModelFile[] } | null;
  readonly seconds: number;
  readonly graceMs: number;
  /** Leaves out the trials on tiny and odd data. */
  readonly quick: boolean;
  readonly keeps: boolean;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
};

/** What a task's checks said, each once. */
export type TaskConformance = { readonly task: TaskName; readonly checks: readonly CheckResult[] };

/**
 * Runs a template on small real data as a miner runs it, and judges what it does by docs/trainer-contract.md.
 *
 * @throws the signal's reason when it is aborted.
 */
export async function checkTask(input: ConformanceInput, task: TaskName): Promise<TaskConformance> {
  const trials = new Trials(input, task);
  const usual = await trials.run('usual', { kind: 'usual' });
  const checks = [...checksOfRun(usual.end), ...checksOfModel(usual.verdict), checkOfPlaces(usual)];
  checks.push(checkOfSigterm(await trials.run('sigterm', { kind: 'usual', stops: true }), usual));
  if (input.quick) return { task, checks };
  const tiny = await trials.run('tiny', { kind: 'tiny' });
  checks.push(checkOfData('tiny-data', tiny, usual));
  checks.push(checkOfData('odd-names', await trials.run('odd', { kind: 'odd' }), usual));
  const again = tiny.end.told === null ? await trials.run('tiny-again', { kind: 'tiny' }) : undefined;
  checks.push(checkOfSeed(tiny, again));
  return { task, checks };
}

type Trial = { readonly end: TrialEnd; readonly verdict: Verdict; readonly links: readonly string[] };

class Trials {
  readonly #input: ConformanceInput;
  readonly #task: TaskName;
  readonly #data = new Map<DataKind, TaskData>();

  constructor(input: ConformanceInput, task: TaskName) {
    this.#input = input;
    this.#task = task;
  }

  async run(name: string, { kind, stops = false }: { kind: DataKind; stops?: boolean }): Promise<Trial> {
    const input = this.#input;
    const seconds = stops ? secondsOfSigterm : input.seconds;
    input.say(stops ? `${this.#task}: ${name} …` : `${this.#task}: ${name}, ${seconds} s at most …`);
    const data = this.#data.get(kind) ?? (await taskData(this.#task, kind, input.datasetsFolder));
    this.#data.set(kind, data);
    const job = this.#jobOf(data);
    const { signal, graceMs, base, ...rest } = input;
    const trial: TrialInput = {
      ...rest,
      ...{ job, signal, graceMs, seconds, name: `${this.#task}-${name}` },
      data: data.train,
      baseModel: base?.folder ?? null,
      ...(stops ? { stopAfterMs: silentMsMax } : {}),
    };
    const end = await runTrial(trial);
    const judging: Judging = { task: this.#task, data, job, base: base?.files ?? [] };
    const verdict = await judgeTrial(end, judging);
    const links = await linksIn(end.out);
    if (!input.keeps) await rm(join(input.folder, 'runs', trial.name), { recursive: true, force: true });
    return { end, verdict, links };
  }

  #jobOf(data: TaskData): TrialInput['job'] {
    const { needs } = this.#input.template.manifest;
    const isText = data.text !== null;
    return {
      ...{ contract: 1, run: 'run_conformance', job: 'job_conformance', task: this.#task },
      ...{ objective: data.objective, seed: 1_234, table: data.table, text: data.text },
      limits: {
        cpus: Math.max(1, needs.cpus),
        memory_mib: Math.max(memoryMibMin, needs.memory_mib),
        submission_bytes: submissionBytesMax,
      },
      data: { path: isText ? 'data/train.jsonl' : 'data/train.csv', format: isText ? 'jsonl' : 'csv', rows: data.rows },
      base_model: this.#input.base && { path: 'base_model', name: 'agon/conformance', revision: 'main' },
    };
  }
}

const passed = (name: CheckName, message: string): CheckResult => ({ name, ok: true, message });
const failed = (name: CheckName, message: string): CheckResult => ({ name, ok: false, message });
const told = (name: CheckName, message: string): CheckResult => ({ name, ok: null, message });

const seconds = (value: number): string => `${value.toFixed(1)} s`;

function howItEnded({ exit, killed, log }: TrialEnd): string {
  const how = killed ? 'had to be killed' : exit.code === null ? 'was killed' : `ended with code ${exit.code}`;
  const lines = log.split('\n').slice(-logLines).join('\n');
  return lines === '' ? `It ${how} and logged nothing.` : `It ${how}. Its log ends:\n${lines}`;
}

function checksOfRun(end: TrialEnd): CheckResult[] {
  const steps = end.progress.map(({ step }) => step);
  const falls = steps.findIndex((step, index) => step < (steps[index - 1] ?? 0));
  return [
    end.exit.code === 0
      ? passed('exit-code', `Trained for ${seconds(end.seconds)}.`)
      : failed('exit-code', howItEnded(end)),
    end.told === null
      ? passed('deadline', `Ended by itself after ${seconds(end.seconds)}.`)
      : failed('deadline', `It went on past the deadline and was told to save${end.killed ? ', in vain' : ''}.`),
    steps.length === 0
      ? failed('progress', 'It printed no progress.')
      : falls > 0
        ? failed('progress', `The step fell from ${steps[falls - 1]} to ${steps[falls]}.`)
        : passed('progress', `${steps.length} lines, up to step ${steps.at(-1)}.`),
  ];
}

function checksOfModel(verdict: Verdict): CheckResult[] {
  const untried = 'Not tried: an earlier check failed.';
  const order: readonly CheckName[] = ['submission', 'reads-job', 'accepted', 'score'];
  const reached = { 'no-submission': 0, 'wrong-inputs': 1, rejected: 2, scored: 3 }[verdict.kind];
  return order.map((name, index) => {
    if (index < reached) return passed(name, '');
    if (index > reached) return told(name, untried);
    if (verdict.kind !== 'scored') return failed(name, verdict.message);
    const finite = Number.isFinite(verdict.value);
    return finite
      ? passed(name, `${verdict.value.toPrecision(4)} on hidden rows.`)
      : failed(name, `It is ${verdict.value}.`);
  });
}

function checkOfPlaces({ end: { changed }, links }: Trial): CheckResult {
  if (links.length > 0) return failed('only-out', `out/ has links: ${links.slice(0, 5).join(', ')}.`);
  if (changed.length > 0) return failed('only-out', `It changed ${changed.slice(0, 5).join(', ')}.`);
  return passed('only-out', '');
}

function checkOfSigterm({ end, verdict }: Trial, usual: Trial): CheckResult {
  if (end.killed) return failed('sigterm', 'It did not end in the grace time.');
  if (end.exit.code !== 0) return failed('sigterm', howItEnded(end));
  if (end.told === null) return passed('sigterm', 'It was done before it could be told.');
  return checkOfLeft('sigterm', verdict, usual);
}

function checkOfData(name: 'tiny-data' | 'odd-names', { end, verdict }: Trial, usual: Trial): CheckResult {
  const declined = name === 'tiny-data' && end.exit.code === 64;
  if (declined && end.log !== '') return passed(name, `It declined: ${end.log.split('\n').at(-1)}`);
  if (declined) return failed(name, 'It ended with code 64 but said no word about why.');
  return end.exit.code === 0 ? checkOfLeft(name, verdict, usual) : failed(name, howItEnded(end));
}

/** A fault that the usual run has, too, is named once. */
function checkOfLeft(name: CheckName, verdict: Verdict, usual: Trial): CheckResult {
  if (verdict.kind === 'scored') return passed(name, '');
  const known = verdict.kind === usual.verdict.kind;
  return known ? told(name, 'Not judged: the usual run has the same fault.') : failed(name, verdict.message);
}

function checkOfSeed(first: Trial, second: Trial | undefined): CheckResult {
  if (second?.end.told !== null || first.verdict.kind !== 'scored' || second.verdict.kind !== 'scored') {
    return told('seed', 'Not comparable: a trial was cut short or left no model.');
  }
  const same = JSON.stringify(first.verdict.files) === JSON.stringify(second.verdict.files);
  return told('seed', same ? 'The same seed gave the same model.' : 'The same seed gave another model.');
}
