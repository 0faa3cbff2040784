import { statfs } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import type { Capabilities } from '@agon/contracts';
import { detectGpus } from './gpus.ts';

const mib = 1024 * 1024;
/** What the operating system and the miner itself keep. */
const memoryShare = 0.8;

/** What this machine offers: CPUs, memory, free disk, and the GPUs that `nvidia-smi` names. */
export async function detectCapabilities(folder: string): Promise<Omit<Capabilities, 'tasks' | 'templates'>> {
  const gpus = await detectGpus();
  return {
    gpus,
    vram_mib: Math.max(0, ...gpus.map((gpu) => gpu.vram_mib)),
    memory_mib: Math.max(256, Math.floor((totalmem() / mib) * memoryShare)),
    cpus: availableParallelism(),
    disk_mib: await freeDiskMib(folder),
  };
}

export async function freeDiskMib(folder: string): Promise<number> {
  const disk = await statfs(folder);
  return Math.floor((disk.bavail * disk.bsize) / mib);
}
