import { ModelFault } from '../model-fault.ts';
import { readPieces } from '../safetensors/read-values.ts';
import type { StoredTensor } from '../safetensors/tensor-file.ts';

export type TensorChange = {
  readonly changed: boolean;
  readonly changeSquares: number;
  readonly baseSquares: number;
};

/** A tensor that grows beyond this factor was not trained. */
const growthMax = 1_000;
/** Largest relative error of rounding to a format. */
const rounding: Record<string, number> = { F16: 2 ** -11, BF16: 2 ** -8 };

/**
 * Compares two tensors of the same shape, piece by piece. Rounding to a coarser number format is no change.
 *
 * @throws ModelFault `weights_not_finite`, `weights_absurd`
 */
export async function compareTensors(base: StoredTensor, other: StoredTensor): Promise<TensorChange> {
  let changeSquares = 0;
  let baseSquares = 0;
  let otherSquares = 0;
  const others = readPieces(other);
  for await (const piece of readPieces(base)) {
    const values = (await others.next()).value as Float32Array;
    for (let index = 0; index < piece.length; index += 1) {
      const before = piece[index] as number;
      const after = values[index] as number;
      changeSquares += (after - before) ** 2;
      baseSquares += before * before;
      otherSquares += after * after;
    }
  }
  await others.return(undefined);
  if (!Number.isFinite(otherSquares)) {
    throw new ModelFault('weights_not_finite', `The tensor ${other.name} has values that are NaN or infinite.`);
  }
  if (otherSquares > growthMax ** 2 * (baseSquares + base.bytes)) {
    throw new ModelFault('weights_absurd', `The tensor ${other.name} is ${growthMax} times the base's or more.`);
  }
  const lossless = other.type === base.type || other.type === 'F32';
  const tolerance = lossless ? 0 : (rounding[other.type] ?? 0);
  return { changed: changeSquares > tolerance ** 2 * baseSquares, changeSquares, baseSquares };
}
