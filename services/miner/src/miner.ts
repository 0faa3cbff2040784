import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, type MinerClient } from '@agon/client';
import type { Capabilities, Lease } from '@agon/contracts';
import { retry } from '@agon/kit';
import { BaseModelCache } from './download/base-model-cache.ts';
import { lockFolder } from './lock-folder.ts';
import type { MinerOptions } from './options.ts';
import { workRun } from './run/work-run.ts';
import { makeRunFolder, type RunState, runFolder, unfinishedRuns, writeRunState } from './run-folder.ts';
import { processRunner } from './runner/process-runner.ts';
import type { Runner } from './runner/runner.ts';
import { minerClient } from './signed-client.ts';
import { checkTrust, loadTemplates, type Template, tasksOf, templateFor } from './template/load-templates.ts';

const defaultBaseModelsBytesMax = 40 * 1024 ** 3;

export type Miner = {
  readonly minerId: string;
  /** Settles when the miner has ended: after `stop`, or after `runsMax` runs. */
  readonly ended: Promise<void>;
  /** Stops trainers, tells the service, and ends. */
  readonly stop: () => Promise<void>;
};

type Context = {
  readonly options: MinerOptions;
  readonly client: MinerClient;
  readonly runner: Runner;
  readonly baseModels: BaseModelCache;
  readonly templates: readonly Template[];
  readonly capabilities: Capabilities;
  readonly stopping: AbortSignal;
  /** Counts leases, so that `runsMax` holds over all slots. */
  readonly count: { leases: number };
};

/**
 * Starts a miner: registers, takes up what an earlier life left, then leases and works until it is stopped.
 *
 * @throws TemplateError for a recipe that is not there, ApiError where the service refuses the miner.
 */
export async function startMiner(options: MinerOptions): Promise<Miner> {
  await mkdir(join(options.folder, 'runs'), { recursive: true });
  const unlock = await lockFolder(options.folder);
  try {
    const { templatesFolder, environment } = options;
    const places = { templatesFolder, environment, cacheFolder: join(options.folder, 'templates') };
    const templates = await loadTemplates(places, options.templates);
    checkTrust(templates, { trusted: options.trustsForeignCode ?? false });
    const capabilities = {
      ...options.capabilities,
      tasks: tasksOf(templates),
      templates: templates.map((template) => template.manifest.name),
    };
    const client = minerClient(options);
    const controller = new AbortController();
    const runner = processRunner({ clock: options.clock });
    const { signal: stopping } = controller;
    const baseModels = baseModelCache(options);
    const context = { options, client, runner, baseModels, templates, capabilities, stopping, count: { leases: 0 } };
    const { id } = await register(context);
    options.onChange?.({ kind: 'registered', minerId: id });
    const ended = work(context).finally(unlock);
    const stop = async (): Promise<void> => {
      controller.abort();
      await ended;
    };
    return { minerId: id, ended, stop };
  } catch (error) {
    await unlock();
    throw error;
  }
}

const baseModelCache = ({ folder, baseModelsBytesMax, clock, log }: MinerOptions): BaseModelCache =>
  new BaseModelCache({
    folder: join(folder, 'base-models'),
    bytesMax: baseModelsBytesMax ?? defaultBaseModelsBytesMax,
    clock,
    log,
  });

/** A service that is not there yet is waited for; a refusal is final. */
async function register(context: Context): Promise<{ id: string }> {
  const { options, client, capabilities, stopping } = context;
  const miner = { public_key: options.key.publicKey, name: options.name, capabilities };
  return retry(() => client.register(miner), {
    attemptsMax: Number.POSITIVE_INFINITY,
    firstDelayMs: 500,
    delayMsMax: 10_000,
    retryable: (error) => {
      const again = error instanceof ApiError && error.retryable && !stopping.aborted;
      if (again) options.log.warn({ err: error.message }, 'the service does not answer yet');
      return again;
    },
    signal: stopping,
  });
}

async function work(context: Context): Promise<void> {
  const resumed = (await unfinishedRuns(context.options.folder)).map((state) => finishRun(context, state));
  const slots = Array.from({ length: context.options.concurrency }, () => serveSlot(context, resumed));
  await Promise.all([...resumed, ...slots]);
}

/** One run after the other. While runs of an earlier life go on, they hold the slots. */
async function serveSlot(context: Context, resumed: readonly Promise<void>[]): Promise<void> {
  await Promise.all(resumed);
  const { options, stopping, count } = context;
  let failures = 0;
  while (!stopping.aborted && count.leases < (options.runsMax ?? Number.POSITIVE_INFINITY)) {
    try {
      count.leases += 1;
      const lease = await context.client.lease({ capabilities: context.capabilities }, stopping);
      if (lease) await finishRun(context, await beginRun(context, lease));
      else count.leases -= 1;
      failures = 0;
    } catch (error) {
      count.leases -= 1;
      failures += 1;
      await recover(context, { error, failures });
    }
  }
}

async function recover(context: Context, trouble: { error: unknown; failures: number }): Promise<void> {
  const { options, stopping } = context;
  if (stopping.aborted) return;
  options.log.warn({ err: trouble.error }, 'no lease');
  if (trouble.error instanceof ApiError && trouble.error.code === 'miner_not_registered') await register(context);
  const waitMs = Math.min(30_000, 500 * 2 ** Math.min(trouble.failures, 6));
  await sleep(waitMs, undefined, { signal: stopping }).catch(() => undefined);
}

async function beginRun(context: Context, lease: Lease): Promise<RunState> {
  const template = templateFor(context.templates, lease.job);
  const name = template?.manifest.name ?? '';
  const folder = runFolder(context.options.folder, lease.run);
  const state: RunState = { phase: 'training', lease, template: name, trainer: null, commit: null };
  await makeRunFolder(folder);
  await writeRunState(folder, state);
  return state;
}

/** A run that none of the recipes can do: told at once, so that its seat is free again. */
async function giveBack({ options, client }: Context, { lease }: RunState): Promise<void> {
  const message = `This miner has no recipe for ${lease.job.task}${lease.job.base_model ? '' : ' without a base model'}.`;
  const failure = { fence: lease.fence, class: 'user_code' as const, message, log_tail: '' };
  await client
    .fail(lease.run, failure)
    .catch((error: unknown) => options.log.warn({ runId: lease.run, err: error }, 'the failure was not delivered'));
  await rm(runFolder(options.folder, lease.run).root, { recursive: true, force: true });
  options.onChange?.({ kind: 'ended', runId: lease.run, outcome: 'failed', message });
}

async function finishRun(context: Context, state: RunState): Promise<void> {
  const { options } = context;
  const { run, job } = state.lease;
  const template = context.templates.find((known) => known.manifest.name === state.template);
  if (!template) {
    await giveBack(context, state);
    return;
  }
  options.onChange?.({ kind: 'leased', runId: run, task: job.task, template: template.manifest.name });
  const end = await workRun({ ...context, template, state });
  await writeFile(join(options.folder, 'last-run.json'), JSON.stringify({ run, ...end }));
  options.onChange?.({ kind: 'ended', runId: run, ...end });
}
