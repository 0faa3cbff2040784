import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TensorSpec } from '../graph/tensor-spec.ts';

export type TestTensor = {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
  readonly type?: 'F32' | 'BF16';
};

/** The bytes of a safetensors file. */
export function encodeSafetensors(
  tensors: Readonly<Record<string, TestTensor>>,
  metadata: Readonly<Record<string, string>> = { format: 'pt' },
): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const [name, tensor] of Object.entries(tensors)) {
    const bytes = bytesOf(tensor);
    header[name] = { dtype: tensor.type ?? 'F32', shape: tensor.shape, data_offsets: [at, at + bytes.length] };
    at += bytes.length;
    parts.push(bytes);
  }
  return framed(JSON.stringify(header), Buffer.concat(parts));
}

/** A header and data as a file, whether they fit or not. */
export function framed(header: string | Uint8Array, data: Uint8Array, length?: bigint): Uint8Array {
  const bytes = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(length ?? BigInt(bytes.length));
  return new Uint8Array(Buffer.concat([size, bytes, data]));
}

function bytesOf(tensor: TestTensor): Uint8Array {
  const floats = Float32Array.from(tensor.values);
  if (tensor.type !== 'BF16') return new Uint8Array(floats.buffer);
  const words = new Uint16Array(floats.buffer).filter((_, index) => index % 2 === 1);
  return new Uint8Array(words.buffer);
}

/** A folder with a model of so many tensors, filled by `value`. */
export async function writeModel(
  folder: string,
  model: { config: unknown; tensors: readonly TensorSpec[] },
  value: (name: string, index: number) => number,
  options: { type?: 'F32' | 'BF16' } = {},
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), JSON.stringify(model.config));
  const tensors = model.tensors.map(({ name, shape }) => {
    const count = shape.reduce((product, size) => product * size, 1);
    const values = Float32Array.from({ length: count }, (_, index) => value(name, index));
    return [name, { shape, values, ...options }] as const;
  });
  await writeFile(join(folder, 'model.safetensors'), encodeSafetensors(Object.fromEntries(tensors)));
}
