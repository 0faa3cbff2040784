import type { Matrix } from '../adapter/lora-inputs.ts';

/**
 * Adds a part of `B A` to a piece of a weight `[outputs, inputs]` that is given row by row: `W + B A`, the scale being
 * folded into B (Hu et al. 2021, equation 3). Sums are kept in double precision.
 *
 * @param piece is changed
 * @param start index of the piece's first value in the weight
 */
export function addProduct(piece: Float32Array, start: number, { a, b }: { a: Matrix; b: Matrix }): void {
  const [rank = 0, inputs = 0] = a.dims;
  const sums = new Float64Array(Math.min(inputs, piece.length));
  for (let at = 0; at < piece.length; ) {
    const row = Math.floor((start + at) / inputs);
    const column = (start + at) % inputs;
    const count = Math.min(inputs - column, piece.length - at);
    for (let index = 0; index < count; index += 1) sums[index] = piece[at + index] as number;
    for (let inner = 0; inner < rank; inner += 1) {
      const factor = b.data[row * rank + inner] as number;
      const from = inner * inputs + column;
      for (let index = 0; index < count; index += 1) {
        sums[index] = (sums[index] as number) + factor * (a.data[from + index] as number);
      }
    }
    for (let index = 0; index < count; index += 1) piece[at + index] = sums[index] as number;
    at += count;
  }
}
