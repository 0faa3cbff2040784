import type { Capabilities, TaskName } from '@agon/contracts';
import type { Needs } from './race-types.ts';

const MIB = 2 ** 20;
const interpreterMib = 512;
const stepMib = 128;
/** A cell costs a trainer about three float64 copies; text of the file about four copies (parsed strings). */
const bytesPerCell = 24;
const copiesOfFile = 4;

/** Whether a machine can take a run of the task. */
export function fitsNeeds(
  capabilities: Pick<Capabilities, 'memory_mib' | 'vram_mib' | 'cpus' | 'tasks'>,
  needs: Needs,
  task: TaskName,
): boolean {
  return (
    capabilities.tasks.includes(task) &&
    capabilities.memory_mib >= needs.memoryMib &&
    capabilities.vram_mib >= needs.vramMib &&
    capabilities.cpus >= needs.cpus
  );
}

/**
 * What a run needs, from the size of its training part: 512 MiB for the interpreter and its libraries, three float64
 * copies of the cells, four copies of the file, rounded up to 128 MiB. An estimate, and the limit of the container.
 */
export function deriveNeeds(input: { task: TaskName; trainBytes: number; rows: number; columns: number }): Needs {
  const dataMib = (input.rows * input.columns * bytesPerCell + input.trainBytes * copiesOfFile) / MIB;
  const memoryMib = Math.ceil((interpreterMib + dataMib) / stepMib) * stepMib;
  return { memoryMib, vramMib: 0, cpus: 1 };
}
