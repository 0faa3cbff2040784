import { fromFloats } from '../safetensors/from-floats.ts';
import { type MergedTensor, tensorBytes } from './merged-tensor.ts';

const lengthBytes = 8;
const headerMultiple = 8;

/** A safetensors file of these tensors, in their order, as a stream. Equal tensors give equal bytes. */
export async function* safetensorsBytes(tensors: Iterable<MergedTensor>): AsyncGenerator<Uint8Array> {
  const all = [...tensors];
  yield headerOf(all);
  for (const tensor of all) {
    for await (const piece of tensor.values()) yield fromFloats(piece, tensor.type);
  }
}

/** The length and the header, padded with spaces as the reference implementation does. */
function headerOf(tensors: readonly MergedTensor[]): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  let at = 0;
  for (const tensor of tensors) {
    const end = at + tensorBytes(tensor);
    header[tensor.name] = { dtype: tensor.type, shape: tensor.shape, data_offsets: [at, end] };
    at = end;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const size = Math.ceil(text.length / headerMultiple) * headerMultiple;
  const bytes = new Uint8Array(lengthBytes + size).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(size), true);
  bytes.set(text, lengthBytes);
  return bytes;
}
