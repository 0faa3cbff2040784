import { execFile } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { promisify } from 'node:util';
import type { Capabilities, Gpu } from '@agon/contracts';

const run = promisify(execFile);
const mib = 1024 * 1024;
/** What the operating system and the miner itself keep. */
const memoryShare = 0.8;

/** What this machine offers: CPUs, memory, free disk, and the GPUs that `nvidia-smi` names. */
export async function detectCapabilities(folder: string): Promise<Omit<Capabilities, 'tasks' | 'templates'>> {
  const disk = await statfs(folder);
  const gpus = await detectGpus();
  return {
    gpus,
    vram_mib: Math.max(0, ...gpus.map((gpu) => gpu.vram_mib)),
    memory_mib: Math.max(256, Math.floor((totalmem() / mib) * memoryShare)),
    cpus: availableParallelism(),
    disk_mib: Math.floor((disk.bavail * disk.bsize) / mib),
  };
}

/** A machine without the tool has no GPU that we can use. */
async function detectGpus(): Promise<Gpu[]> {
  const query = ['--query-gpu=uuid,name,memory.total', '--format=csv,noheader,nounits'];
  const { stdout } = await run('nvidia-smi', query, { timeout: 10_000 }).catch(() => ({ stdout: '' }));
  return gpusOf(stdout);
}

/** Reads the lines of `nvidia-smi --query-gpu=uuid,name,memory.total --format=csv,noheader,nounits`. */
export function gpusOf(text: string): Gpu[] {
  return text.split('\n').flatMap((line) => {
    const [uuid = '', name = '', memory = ''] = line.split(',').map((cell) => cell.trim());
    const vram = Number(memory);
    return uuid.startsWith('GPU-') && Number.isFinite(vram) ? [{ uuid, name, vram_mib: Math.floor(vram) }] : [];
  });
}
