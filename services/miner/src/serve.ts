import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, type MinerClient } from '@agon/client';
import type { Capabilities, FailureClass, Lease } from '@agon/contracts';
import type { BaseModelCache } from './download/base-model-cache.ts';
import type { MinerOptions } from './options.ts';
import type { DiskKeeper } from './resources/disk-keeper.ts';
import type { Machine } from './resources/machine.ts';
import type { RefusedSizes } from './resources/refused-sizes.ts';
import { workRun } from './run/work-run.ts';
import { makeRunFolder, type RunState, removeRunFolder, runFolder, writeRunState } from './run-folder.ts';
import type { Runner, Share } from './runner/runner.ts';
import { type Template, templateFor, templateId } from './template/load-templates.ts';
import type { Verdicts } from './verdicts.ts';

export type ServeContext = {
  readonly options: MinerOptions;
  readonly client: MinerClient;
  readonly runner: Runner;
  readonly baseModels: BaseModelCache;
  readonly templates: readonly Template[];
  readonly capabilities: Capabilities;
  readonly machine: Machine;
  readonly sizes: RefusedSizes;
  readonly disk: DiskKeeper;
  readonly verdicts: Pick<Verdicts, 'follow'>;
  readonly stopping: AbortSignal;
};

type Running = Map<string, Promise<void>>;

/** Goes on with unfinished runs, and leases others for as long as the machine has room, until it is stopped. */
export async function serve(
  context: ServeContext,
  start: { readonly unfinished: readonly RunState[]; readonly register: () => Promise<unknown> },
): Promise<void> {
  const { options, stopping, machine } = context;
  const running: Running = new Map();
  for (const state of start.unfinished) {
    machine.hold(state.share);
    keep(running, state.lease.run, finishRun(context, state));
  }
  let leases = 0;
  let failures = 0;
  while (!stopping.aborted && leases < (options.runsMax ?? Number.POSITIVE_INFINITY)) {
    if (!machine.hasRoom && running.size > 0) {
      await Promise.race(running.values());
      continue;
    }
    try {
      await context.runner.ready();
      await context.disk.check(new Set(running.keys()));
      const lease = await context.client.lease(leaseRequest(context, running), stopping);
      failures = 0;
      if (!lease) continue;
      leases += 1;
      keep(running, lease.run, beginRun(context, lease));
    } catch (error) {
      failures += 1;
      await recover(context, { error, failures, register: start.register });
    }
  }
  await Promise.all(running.values());
}

function keep(running: Running, runId: string, work: Promise<void>): void {
  running.set(
    runId,
    work.finally(() => running.delete(runId)),
  );
}

/** All that the machine has, and what is left of it, without sizes that ran out of memory before; and what it works on. */
function leaseRequest({ capabilities, machine, sizes, templates }: ServeContext, running: Running) {
  const { memoryMib, vramMib } = machine.free;
  const ways = templates.flatMap((template) =>
    template.manifest.tasks.map((task) => ({ template: templateId(template), task })),
  );
  const offerMib = sizes.offerMib(memoryMib, ways, memoryMib);
  return { capabilities, free: { memory_mib: offerMib, vram_mib: vramMib }, holding: [...running.keys()] };
}

async function recover(
  { options, stopping }: ServeContext,
  trouble: { error: unknown; failures: number; register: () => Promise<unknown> },
): Promise<void> {
  if (stopping.aborted) return;
  options.log.warn({ err: trouble.error }, 'no lease');
  if (trouble.error instanceof ApiError && trouble.error.code === 'miner_not_registered') await trouble.register();
  const waitMs = Math.min(30_000, 500 * 2 ** Math.min(trouble.failures, 6));
  await sleep(waitMs, undefined, { signal: stopping }).catch(() => undefined);
}

async function beginRun(context: ServeContext, lease: Lease): Promise<void> {
  const found = shareFor(context, lease);
  if ('refusal' in found) {
    await giveBack(context, lease, found);
    return;
  }
  const folder = runFolder(context.options.folder, lease.run);
  const { share, template } = found;
  const state: RunState = {
    phase: 'training',
    lease,
    template: template.manifest.name,
    trainer: null,
    share,
    commit: null,
  };
  try {
    await makeRunFolder(folder);
    await writeRunState(folder, state);
  } catch (error) {
    context.machine.release(share);
    await giveBack(context, lease, { refusal: `The miner's disk failed: ${String(error)}`, class: 'hardware' });
    return;
  }
  await finishRun(context, state);
}

type Refusal = { readonly refusal: string; readonly class: FailureClass };

/** The first template that knows the task and did not run out of memory on the size, and its part of the machine. */
function shareFor(
  { templates, machine, sizes }: ServeContext,
  { job }: Lease,
): { template: Template; share: Share } | Refusal {
  const neededMib = job.limits.memory_mib;
  const knows = templateFor(templates, job);
  if (!knows) {
    const refusal = `This miner has no recipe for ${job.task}${job.base_model ? '' : ' without a base model'}.`;
    return { refusal, class: 'user_code' };
  }
  const share = machine.take({
    memoryMib: neededMib,
    vramMib: knows.manifest.needs.vram_mib,
    likesGpu: job.base_model !== null,
  });
  if (!share) return { refusal: 'The machine of the miner has no room for the run.', class: 'hardware' };
  const able = templates.filter(
    (each) => !sizes.refuses({ template: templateId(each), task: job.task, neededMib, givenMib: share.memoryMib }),
  );
  const template = templateFor(able, job);
  if (template) return { template, share };
  machine.release(share);
  return { refusal: `A job of ${neededMib} MiB ran out of memory on this miner before.`, class: 'oom' };
}

/** A run that this miner cannot do: told at once, so that its seat is free again. */
async function giveBack({ options, client }: ServeContext, lease: Lease, { refusal, ...rest }: Refusal): Promise<void> {
  const failure = { fence: lease.fence, class: rest.class, message: refusal, log_tail: '' };
  await client
    .fail(lease.run, failure)
    .catch((error: unknown) => options.log.warn({ runId: lease.run, err: error }, 'the failure was not delivered'));
  await removeRunFolder(runFolder(options.folder, lease.run));
  options.onChange?.({ kind: 'ended', runId: lease.run, outcome: 'failed', message: refusal, class: rest.class });
}

async function finishRun(context: ServeContext, state: RunState): Promise<void> {
  const { options, machine, sizes } = context;
  const { run, job } = state.lease;
  const template = context.templates.find((known) => known.manifest.name === state.template);
  try {
    if (!template) {
      const refusal = `This miner has no recipe "${state.template}" any more.`;
      await giveBack(context, state.lease, { refusal, class: 'user_code' });
      return;
    }
    options.onChange?.({ kind: 'leased', runId: run, task: job.task, template: template.manifest.name });
    const end = await workRun({ ...context, template, state });
    if (end.class === 'oom') {
      const size = { template: templateId(template), task: job.task, neededMib: job.limits.memory_mib };
      await sizes.add({ ...size, givenMib: state.share.memoryMib });
    }
    await writeFile(join(options.folder, 'last-run.json'), JSON.stringify({ run, ...end }));
    options.onChange?.({ kind: 'ended', runId: run, ...end });
    if (end.outcome === 'submitted') context.verdicts.follow(run);
  } finally {
    machine.release(state.share);
  }
}
