import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiError, type MinerClient } from '@agon/client';
import type { Capabilities } from '@agon/contracts';
import { retry } from '@agon/kit';
import { readSelfTest } from './doctor/self-test-record.ts';
import { BaseModelCache } from './download/base-model-cache.ts';
import { lockFolder } from './lock-folder.ts';
import type { MinerOptions } from './options.ts';
import { DiskKeeper } from './resources/disk-keeper.ts';
import { Machine } from './resources/machine.ts';
import { RefusedSizes } from './resources/refused-sizes.ts';
import { unfinishedRuns } from './run-folder.ts';
import { RunnerError } from './runner/runner.ts';
import { serve } from './serve.ts';
import { minerClient } from './signed-client.ts';
import { checkTrust, loadTemplates, type Template, tasksOf } from './template/load-templates.ts';
import { type Verdict, Verdicts } from './verdicts.ts';

const defaultBaseModelsBytesMax = 40 * 1024 ** 3;
/** How often a runner is looked for that must go on with runs of an earlier life. */
const readyAttemptsMax = 60;

export type Miner = {
  readonly minerId: string;
  /** Settles when the miner has ended: after `stop`, or after `runsMax` runs. */
  readonly ended: Promise<void>;
  /** Stops trainers, tells the service, and ends. */
  readonly stop: () => Promise<void>;
};

/**
 * Starts a miner: registers, takes up what an earlier life left, then leases and works until it is stopped.
 *
 * @throws TemplateError for a recipe that is not there, RunnerError where no trainer could be started, ApiError where the
 * service refuses the miner.
 */
export async function startMiner(options: MinerOptions): Promise<Miner> {
  await mkdir(join(options.folder, 'runs'), { recursive: true });
  const unlock = await lockFolder(options.folder);
  try {
    const templates = await readTemplates(options);
    const unfinished = await unfinishedRuns(options.folder);
    await readyRunner(options, templates, new Set(unfinished.map(({ lease }) => lease.run)));
    const capabilities = await capabilitiesOf(options, templates);
    const client = minerClient(options);
    const controller = new AbortController();
    const onVerdict = (verdict: Verdict): void => {
      options.log.info(verdict, 'a run was judged');
      options.onChange?.(verdict);
    };
    const verdicts = new Verdicts({ ...options, client, onVerdict });
    const context = {
      ...{ options, client, templates, capabilities, runner: options.runner },
      baseModels: baseModelCache(options),
      machine: machineOf(options),
      sizes: await RefusedSizes.open(join(options.folder, 'refused-sizes.json'), options.clock),
      disk: new DiskKeeper({ ...options, templates }),
      verdicts,
      stopping: controller.signal,
    };
    const { id } = await register(context);
    options.onChange?.({ kind: 'registered', minerId: id });
    const ended = serve(context, { unfinished, register: () => register(context) })
      .finally(() => verdicts.close())
      .finally(unlock);
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

async function readTemplates(options: MinerOptions): Promise<Template[]> {
  const { templatesFolder, environment, folder, runner } = options;
  const places = { templatesFolder, environment, cacheFolder: join(folder, 'templates') };
  const templates = await loadTemplates(places, options.templates);
  checkTrust(templates, { trusted: runner.isolates || (options.trustsForeignCode ?? false) });
  return templates;
}

/** Removes what a crash left, and gets images before the first lease: a download would cost training time. */
async function readyRunner(
  { runner, log }: MinerOptions,
  templates: readonly Template[],
  unfinished: ReadonlySet<string>,
): Promise<void> {
  await retry(runner.ready, {
    attemptsMax: unfinished.size > 0 ? readyAttemptsMax : 1,
    firstDelayMs: 1_000,
    delayMsMax: 1_000,
    retryable: (error) => {
      log.warn({ err: error }, 'the runner is not ready');
      return error instanceof RunnerError;
    },
  });
  await runner.sweep(unfinished);
  for (const template of templates) await runner.prepare(template);
}

async function capabilitiesOf(options: MinerOptions, templates: readonly Template[]): Promise<Capabilities> {
  const selfTest = await readSelfTest(options.folder);
  return {
    ...options.capabilities,
    tasks: tasksOf(templates),
    templates: templates.map((template) => template.manifest.name),
    runner: options.runner.kind,
    ...(selfTest ? { self_test: selfTest } : {}),
  };
}

const machineOf = ({ capabilities, concurrency, sharesGpus }: MinerOptions): Machine =>
  new Machine({
    cpus: capabilities.cpus,
    memoryMib: capabilities.memory_mib,
    gpus: capabilities.gpus,
    runsMax: concurrency,
    sharesGpus: sharesGpus ?? false,
  });

const baseModelCache = ({ folder, baseModelsBytesMax, clock, log }: MinerOptions): BaseModelCache =>
  new BaseModelCache({
    folder: join(folder, 'base-models'),
    bytesMax: baseModelsBytesMax ?? defaultBaseModelsBytesMax,
    clock,
    log,
  });

type Registering = {
  readonly options: MinerOptions;
  readonly client: MinerClient;
  readonly capabilities: Capabilities;
  readonly stopping: AbortSignal;
};

/** A service that is not there yet is waited for; a refusal is final. */
async function register({ options, client, capabilities, stopping }: Registering): Promise<{ id: string }> {
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
