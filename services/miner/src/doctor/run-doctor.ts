import { join } from 'node:path';
import type { MinerOptions } from '../options.ts';
import { Machine } from '../resources/machine.ts';
import { makeRunFolder, removeRunFolder, runFolder } from '../run-folder.ts';
import type { Runner } from '../runner/runner.ts';
import { minerClient } from '../signed-client.ts';
import { checkTrust, loadTemplates, type Template } from '../template/load-templates.ts';
import { type Check, looked } from './check.ts';
import { checkDisk, checkDriver, checkMemory } from './check-machine.ts';
import { checkClock, checkKey, checkReach } from './check-service.ts';
import { runSelfTest } from './self-test.ts';
import { writeSelfTest } from './self-test-record.ts';

/** Beside the runs of the miner, which may be at work meanwhile. */
const placeOf = (folder: string): string => join(folder, 'doctor');
const gpuRunName = 'gpu-test';

export type DoctorOptions = Pick<
  MinerOptions,
  | 'baseUrl'
  | 'folder'
  | 'key'
  | 'templatesFolder'
  | 'templates'
  | 'trustsForeignCode'
  | 'capabilities'
  | 'concurrency'
  | 'environment'
  | 'runner'
  | 'clock'
  | 'newNonce'
> & {
  readonly signal: AbortSignal;
  /** Whether to train, too; without it what an earlier test found stays. */
  readonly trains: boolean;
  /** Hears of each check when it is done. */
  readonly onCheck: (check: Check) => void;
};

/** Looks at all that a miner needs, in the order in which a fault would show, and trains something tiny. */
export async function runDoctor(options: DoctorOptions): Promise<readonly Check[]> {
  const checks: Check[] = [];
  const add = (check: Check): boolean => {
    options.signal.throwIfAborted();
    checks.push(check);
    options.onCheck(check);
    return check.ok !== false;
  };
  const { runner, capabilities, clock } = options;
  const reach = await checkReach(options.baseUrl, clock);
  if (add({ name: 'service', ...reach.check })) {
    add({ name: 'clock', ...checkClock(reach.date, { nowMs: clock.nowMs(), roundTripMs: reach.roundTripMs }) });
    add(await looked('key', () => checkKey(minerClient(options))));
  }
  add({ name: 'disk', ...checkDisk(capabilities) });
  let templates: readonly Template[] = [];
  const known = await looked('recipes', async () => {
    templates = await templatesOf(options);
    return { ok: true, message: templates.map(({ manifest }) => manifest.name).join(', ') };
  });
  add(known);
  add({ name: 'memory', ...checkMemory(capabilities, templates) });
  const driver = await looked('driver', () => checkDriver(capabilities));
  add(driver);
  const runs = add(await looked('runner', async () => ({ ok: true, message: await runner.describe() })));
  if (!runs || known.ok === false) return checks;
  const prepared = await looked('image', () => prepare(runner, templates));
  const ready = runner.kind === 'docker' ? add(prepared) : prepared.ok === true || add(prepared);
  if (!ready) return checks;
  if (runner.kind === 'docker' && capabilities.gpus.length > 0) {
    add(await looked('gpu runtime', () => checkGpuRuntime(options, templates)));
  }
  if (options.trains) add(await looked('self-test', () => selfTest(options, templates)));
  await runner.sweep(new Set());
  return checks;
}

async function templatesOf({ templatesFolder, templates, environment, folder, ...options }: DoctorOptions) {
  const loaded = await loadTemplates(
    { templatesFolder, environment, cacheFolder: join(folder, 'templates') },
    templates,
  );
  checkTrust(loaded, { trusted: options.runner.isolates || (options.trustsForeignCode ?? false) });
  return loaded;
}

async function prepare(runner: Runner, templates: readonly Template[]): Promise<Omit<Check, 'name'>> {
  for (const template of templates) await runner.prepare(template);
  return { ok: true, message: 'Every image is here.' };
}

/** Starts a container with a GPU that does nothing: a broken runtime shows only then. */
async function checkGpuRuntime(
  { runner, capabilities, folder }: DoctorOptions,
  templates: readonly Template[],
): Promise<Omit<Check, 'name'>> {
  const [template] = templates;
  const [gpu] = capabilities.gpus;
  if (!template || !gpu) return { ok: null, message: 'There is nothing to try it with.' };
  const place = runFolder(placeOf(folder), gpuRunName);
  await makeRunFolder(place);
  try {
    const trainer = await runner.start({
      runId: gpuRunName,
      template: { ...template, manifest: { ...template.manifest, command: ['true'] } },
      folder: place,
      share: { cpus: 1, memoryMib: 256, gpus: [gpu.uuid] },
      outBytesMax: 2 ** 20,
    });
    const { code, reason } = await trainer.exit;
    if (code === 0) return { ok: true, message: 'Containers get GPUs.' };
    return { ok: false, message: reason ?? `A container with a GPU ended with code ${code}.` };
  } finally {
    await removeRunFolder(place);
  }
}

async function selfTest(options: DoctorOptions, templates: readonly Template[]): Promise<Omit<Check, 'name'>> {
  const { runner, folder, clock, signal, capabilities } = options;
  const share = shareOf(capabilities, options.concurrency);
  if (!share) return { ok: false, message: 'The machine has no room for a run.', fix: 'Offer more with --memory.' };
  const result = await runSelfTest({ runner, templates, folder: placeOf(folder), clock, signal, ...share });
  if (!result) return { ok: null, message: 'No recipe of this miner learns tables; nothing was trained.' };
  await writeSelfTest(folder, result);
  const message = `${result.template} in ${result.seconds} s. ${result.message}`;
  if (result.ok) return { ok: true, message };
  return { ok: false, message, fix: `Run \`agon template test ${result.template.replace(/@.*/, '')}\` to see more.` };
}

/** As much as a run would have. */
function shareOf({ cpus, memory_mib: memoryMib, gpus }: DoctorOptions['capabilities'], runsMax: number | undefined) {
  const machine = new Machine({ cpus, memoryMib, gpus, runsMax, sharesGpus: false });
  return machine.take({ memoryMib: 0, vramMib: 0, likesGpu: false });
}
