import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readValues } from '../safetensors/read-values.ts';
import { openTensorFile, type StoredTensor } from '../safetensors/tensor-file.ts';

const script = fileURLToPath(new URL('../../parity/reference.py', import.meta.url));
const wanted = 'import torch, transformers, peft, safetensors';

/** `python` where that is an interpreter which has what `parity/requirements.in` names. */
export function referencePython(python: string | undefined): string | undefined {
  if (python === undefined) return undefined;
  return spawnSync(python, ['-c', wanted], { stdio: 'ignore' }).status === 0 ? python : undefined;
}

/** A new folder with the models of `parity/cases.py`, all or those named, and what PyTorch makes of them. */
export function writeReferences(python: string, names: readonly string[] = []): string {
  const folder = mkdtempSync(join(tmpdir(), 'agon-parity-'));
  const ended = spawnSync(python, [script, folder, ...names], { encoding: 'utf8' });
  if (ended.status !== 0) throw new Error(`The reference failed: ${ended.stderr}`);
  return folder;
}

export type Reference = {
  readonly has: (name: string) => boolean;
  readonly values: (name: string) => Promise<Float32Array>;
  /** Tokens, row by row, and how many of each row count. */
  readonly ids: number[];
  readonly lengths: number[];
  readonly width: number;
};

export async function openReference(folder: string): Promise<Reference> {
  const file = await openTensorFile(join(folder, 'reference.safetensors'));
  const values = (name: string) => readValues(file.tensors.get(name) as StoredTensor);
  const ids = [...(await values('ids'))];
  const lengths = [...(await values('lengths'))];
  return { has: (name) => file.tensors.has(name), values, ids, lengths, width: ids.length / lengths.length };
}

/** The largest difference between two lists of numbers; NaN counts as infinite. */
export function largestDifference(left: ArrayLike<number>, right: ArrayLike<number>): number {
  if (left.length !== right.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let index = 0; index < left.length; index += 1) {
    const difference = Math.abs((left[index] as number) - (right[index] as number));
    largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(largest, difference);
  }
  return largest;
}
