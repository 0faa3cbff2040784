import { readdir } from 'node:fs/promises';
import { cpuSecondsOf, statOf } from './python.ts';

/** How long work took by the clock and by the processor; the latter says more where others use the machine too. */
export type Measured = { readonly seconds: number; readonly cpu_seconds: number };

/** The least of several rounds, of both. @param cpuSeconds reads what was used so far. */
export async function bestOf(
  rounds: number,
  cpuSeconds: () => Promise<number>,
  work: () => Promise<unknown>,
): Promise<Measured> {
  const best = { seconds: Number.POSITIVE_INFINITY, cpu_seconds: Number.POSITIVE_INFINITY };
  for (let round = 0; round < rounds; round += 1) {
    const startedMs = performance.now();
    const before = await cpuSeconds();
    await work();
    best.seconds = Math.min(best.seconds, (performance.now() - startedMs) / 1000);
    best.cpu_seconds = Math.min(best.cpu_seconds, (await cpuSeconds()) - before);
  }
  return best;
}

/** Of a process and its children, so far (Linux). */
export async function cpuSecondsOfFamily(pid: number | undefined): Promise<number> {
  const members = [String(pid)];
  for (const name of await readdir('/proc')) {
    if (/^\d+$/.test(name) && (await statOf(name)).split(' ')[1] === String(pid)) members.push(name);
  }
  const seconds = await Promise.all(members.map((each) => cpuSecondsOf(Number(each))));
  return seconds.reduce((sum, each) => sum + each, 0);
}
