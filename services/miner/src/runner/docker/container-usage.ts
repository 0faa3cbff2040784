import type { RunUsage } from '@agon/contracts';
import { z } from 'zod';

const mib = 2 ** 20;

/** Of `GET /containers/{id}/stats` what we read. Control groups of version 1 and 2 name the file cache differently. */
const Stats = z.object({
  cpu_stats: z.object({ cpu_usage: z.object({ total_usage: z.number() }) }),
  memory_stats: z.object({
    usage: z.number().positive(),
    stats: z.object({ total_inactive_file: z.number(), inactive_file: z.number() }).partial().default({}),
  }),
});

/** One look at a container's counters. */
export type UsageLook = { readonly cpuNanoseconds: number; readonly atMs: number };

/**
 * Memory without what the kernel would give back (the file cache), and cores in use since the last look.
 *
 * @param answer of the daemon: of a container that is just ending it is an empty body, which dockerode hands on as a
 *   buffer, or counters without figures.
 * @returns undefined where it says nothing.
 */
export function usageOf(
  answer: unknown,
  last: UsageLook | undefined,
  atMs: number,
): { readonly usage: Omit<RunUsage, 'gpus'>; readonly look: UsageLook } | undefined {
  const { data } = Stats.safeParse(answer);
  if (!data) return undefined;
  const { usage, stats } = data.memory_stats;
  const cache = stats.total_inactive_file ?? stats.inactive_file ?? 0;
  const look = { cpuNanoseconds: data.cpu_stats.cpu_usage.total_usage, atMs };
  const cpus =
    last === undefined || atMs <= last.atMs
      ? null
      : Math.max(0, look.cpuNanoseconds - last.cpuNanoseconds) / ((atMs - last.atMs) * 1e6);
  return { usage: { memory_mib: Math.max(0, usage - cache) / mib, cpus }, look };
}
