import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Capabilities } from '@agon/contracts';
import { diskMibMin } from '../resources/disk-keeper.ts';
import type { Template } from '../template/load-templates.ts';
import type { Check } from './check.ts';

const run = promisify(execFile);
const timeoutMs = 20_000;
const diskMibComfortable = 10_240;

type Machine = Pick<Capabilities, 'memory_mib' | 'disk_mib' | 'gpus'>;

/** Whether the memory that is offered is enough for the recipes. */
export function checkMemory({ memory_mib: offered }: Machine, templates: readonly Template[]): Omit<Check, 'name'> {
  const needs = templates.map(({ manifest }) => ({ name: manifest.name, mib: manifest.needs.memory_mib }));
  const short = needs.filter(({ mib }) => mib > offered);
  if (short.length === 0) return { ok: true, message: `${offered} MiB are offered.` };
  const named = short.map(({ name, mib }) => `${name} needs ${mib}`).join(', ');
  return {
    ok: false,
    message: `${offered} MiB are offered; ${named}.`,
    fix: 'Offer more with --memory, or leave these recipes out.',
  };
}

/** Whether runs, images and base models have room. */
export function checkDisk({ disk_mib: free }: Machine): Omit<Check, 'name'> {
  const message = `${free} MiB are free for runs, images and base models.`;
  if (free < diskMibMin)
    return { ok: false, message, fix: `Free some, or move --folder: ${diskMibMin} MiB are needed.` };
  if (free >= diskMibComfortable) return { ok: true, message };
  return { ok: null, message, fix: 'Enough for tables; base models need more.' };
}

/** No GPU is normal: then there are only jobs for CPUs. A driver that fails is not. */
export async function checkDriver({ gpus }: Machine): Promise<Omit<Check, 'name'>> {
  if (gpus.length > 0) {
    return { ok: true, message: gpus.map((gpu) => `${gpu.name} with ${gpu.vram_mib} MiB`).join(', ') };
  }
  try {
    await run('nvidia-smi', [], { timeout: timeoutMs });
    return { ok: null, message: 'No GPU is offered: jobs for CPUs only.' };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return { ok: null, message: 'No GPU: jobs for CPUs only. That is fine.' };
    }
    const said = error instanceof Error && 'stdout' in error ? String(error.stdout).trim() : String(error);
    const fix =
      'Mend the driver until nvidia-smi lists the GPUs; after an update restart the machine. Without one: --gpus none.';
    return { ok: false, message: `nvidia-smi fails: ${said.split('\n')[0]?.slice(0, 300)}`, fix };
  }
}
