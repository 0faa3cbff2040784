import type { RunUsage } from '@agon/contracts';
import type { ContainerStats } from 'dockerode';

const mib = 2 ** 20;

/** One look at a container's counters. */
export type UsageLook = { readonly cpuNanoseconds: number; readonly atMs: number };

/** Memory without what the kernel would give back (the file cache), and cores in use since the last look. */
export function usageOf(
  stats: Pick<ContainerStats, 'cpu_stats' | 'memory_stats'>,
  last: UsageLook | undefined,
  atMs: number,
): { readonly usage: Omit<RunUsage, 'gpus'>; readonly look: UsageLook } {
  const { usage = 0, stats: parts } = stats.memory_stats;
  // Control groups of version 1 and 2 call it differently.
  const cache = Number(parts?.total_inactive_file ?? parts?.inactive_file ?? 0);
  const look = { cpuNanoseconds: stats.cpu_stats.cpu_usage.total_usage, atMs };
  const cpus =
    last === undefined || atMs <= last.atMs
      ? null
      : Math.max(0, look.cpuNanoseconds - last.cpuNanoseconds) / ((atMs - last.atMs) * 1e6);
  return { usage: { memory_mib: Math.max(0, usage - cache) / mib, cpus }, look };
}
