import { idPrefixes } from '@agon/contracts';
import type { NewId } from '@agon/kit';

/** Ids in the order in which they were made: `job_00000001`, `run_00000002`. */
export function sequentialIds(): NewId {
  let count = 0;
  return (kind) => {
    count += 1;
    return idPrefixes[kind] + String(count).padStart(8, '0');
  };
}
