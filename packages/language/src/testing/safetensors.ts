export type Tensor = { readonly shape: readonly number[]; readonly values: Float32Array };
export type Tensors = Readonly<Record<string, Tensor>>;

/** A safetensors file of float32 tensors. */
export function safetensorsOf(tensors: Tensors): Buffer {
  let at = 0;
  const entries = Object.entries(tensors).map(([name, { shape, values }]) => {
    const start = at;
    at += values.byteLength;
    return [name, { dtype: 'F32', shape, data_offsets: [start, at] }] as const;
  });
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const data = Object.values(tensors).map(({ values }) => Buffer.from(values.buffer, 0, values.byteLength));
  return Buffer.concat([length, header, ...data]);
}

/** Numbers around 0 that look random and are the same for the same seed. */
export function noise(seed: number, count: number, size: number): Float32Array {
  let state = (seed * 2_654_435_761) >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 374_761_393) >>> 0;
    return ((state / 2 ** 32) * 2 - 1) * size;
  });
}
