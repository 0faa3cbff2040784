import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Gpu, RunUsage } from '@agon/contracts';

const run = promisify(execFile);
const timeoutMs = 10_000;

/** A machine without the tool has no GPU that we can use. */
export async function detectGpus(): Promise<Gpu[]> {
  return gpusOf(await query('uuid,name,memory.total'));
}

/** What a run's GPUs do now; empty where it has none or the driver says nothing. */
export async function gpuUsage(uuids: readonly string[]): Promise<RunUsage['gpus']> {
  if (uuids.length === 0) return [];
  return gpuUsageOf(await query('uuid,utilization.gpu,memory.used')).filter(({ uuid }) => uuids.includes(uuid));
}

async function query(fields: string): Promise<string> {
  const args = [`--query-gpu=${fields}`, '--format=csv,noheader,nounits'];
  const { stdout } = await run('nvidia-smi', args, { timeout: timeoutMs }).catch(() => ({ stdout: '' }));
  return stdout;
}

const rowsOf = (text: string): string[][] =>
  text
    .split('\n')
    .map((line) => line.split(',').map((cell) => cell.trim()))
    .filter(([uuid]) => uuid?.startsWith('GPU-'));

/** Reads the lines of `nvidia-smi --query-gpu=uuid,name,memory.total --format=csv,noheader,nounits`. */
export function gpusOf(text: string): Gpu[] {
  return rowsOf(text).flatMap(([uuid = '', name = '', memory]) => {
    const vram = Number(memory);
    return Number.isFinite(vram) ? [{ uuid, name, vram_mib: Math.floor(vram) }] : [];
  });
}

/** Reads the lines of `nvidia-smi --query-gpu=uuid,utilization.gpu,memory.used …`; a percentage may be `[N/A]`. */
export function gpuUsageOf(text: string): RunUsage['gpus'] {
  return rowsOf(text).flatMap(([uuid = '', utilization, memory]) => {
    const memoryMib = Number(memory);
    if (!Number.isFinite(memoryMib)) return [];
    const share = Number(utilization) / 100;
    return [{ uuid, utilization: Number.isFinite(share) ? Math.min(1, share) : 0, memory_mib: memoryMib }];
  });
}
