import { elementBits, type FloatType } from '../safetensors/element-type.ts';

/** A tensor of a model whose values are computed while they are read, so that memory does not grow with it. */
export type MergedTensor = {
  readonly name: string;
  readonly shape: readonly number[];
  /** How it is stored where it is written as safetensors. */
  readonly type: FloatType;
  /** Name of the file that it came from. */
  readonly file: string;
  /** In pieces, row by row; a piece is only good until the next one is asked for. */
  values(): AsyncGenerator<Float32Array>;
};

export const valuesOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** Bytes of a tensor where it is written as safetensors. */
export const tensorBytes = ({ shape, type }: Pick<MergedTensor, 'shape' | 'type'>): number =>
  (valuesOf(shape) * elementBits[type]) / 8;
