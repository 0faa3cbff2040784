import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const KIB_PER_MIB = 1024;

/** How often memory is looked at: reading /proc is cheap, starting `ps` is not. */
export const memoryLookMs = process.platform === 'linux' ? 20 : 250;

/**
 * Memory of another process in MiB: the highest so far where the kernel says so (Linux), else the present. Undefined
 * where the process is gone or nothing can be learnt.
 */
export async function residentMemoryMib(pid: number): Promise<number | undefined> {
  try {
    if (process.platform === 'linux') {
      const status = await readFile(`/proc/${pid}/status`, 'latin1');
      const line = /^VmHWM:\s+(\d+) kB/m.exec(status) ?? /^VmRSS:\s+(\d+) kB/m.exec(status);
      return line ? Number(line[1]) / KIB_PER_MIB : undefined;
    }
    const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(pid)]);
    const kib = Number(stdout.trim());
    return kib > 0 ? kib / KIB_PER_MIB : undefined;
  } catch {
    return undefined;
  }
}
