import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { ModelFault } from '../model-fault.ts';
import { elementBits, type FloatType, isFloatType } from './element-type.ts';
import { readExactly, type StoredTensor } from './tensor-file.ts';

const valuesPerPiece = 1 << 18;

/**
 * The values of a tensor, in pieces of at most 2^18, so that memory does not grow with the tensor. A piece is only good
 * until the next one is asked for.
 *
 * @throws ModelFault `weights_type_unsupported`; `weights_malformed` where the file got shorter
 */
export async function* readPieces(tensor: StoredTensor): AsyncGenerator<Float32Array> {
  const type = floatTypeOf(tensor);
  const file = await open(tensor.file, 'r').catch((error) => {
    throw new ModelFault('weights_missing', `${basename(tensor.file)} cannot be read.`, error);
  });
  try {
    yield* piecesOf(file, tensor, type);
  } finally {
    await file.close();
  }
}

async function* piecesOf(file: FileHandle, tensor: StoredTensor, type: FloatType): AsyncGenerator<Float32Array> {
  const bytesPerValue = elementBits[type] / 8;
  const step = valuesPerPiece * bytesPerValue;
  for (let at = 0; at < tensor.bytes; at += step) {
    const bytes = Math.min(step, tensor.bytes - at);
    yield toFloats(await readExactly(file, tensor.offset + at, bytes, basename(tensor.file)), type);
  }
}

/** All values of a tensor as float32. Bound the tensor's size before. @throws as `readPieces` */
export async function readValues(tensor: StoredTensor): Promise<Float32Array> {
  const values = new Float32Array(tensor.bytes / (elementBits[floatTypeOf(tensor)] / 8));
  let at = 0;
  for await (const piece of readPieces(tensor)) {
    values.set(piece, at);
    at += piece.length;
  }
  return values;
}

function floatTypeOf(tensor: StoredTensor): FloatType {
  if (isFloatType(tensor.type)) return tensor.type;
  throw new ModelFault('weights_type_unsupported', `The tensor ${tensor.name} is stored as ${tensor.type}.`);
}

/** Bytes of a format as float32 values. Safetensors is little-endian, as is every machine that Node has builds for. */
export function toFloats(bytes: Uint8Array, type: FloatType): Float32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  if (type === 'F32') return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
  const halves = new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.length / 2);
  const bits = new Uint32Array(halves.length);
  for (let index = 0; index < halves.length; index += 1) {
    const half = halves[index] as number;
    bits[index] = type === 'BF16' ? half << 16 : halfToSingle(half);
  }
  return new Float32Array(bits.buffer);
}

/** IEEE 754 binary16 to binary32, as bits. */
function halfToSingle(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return sign | 0x7f800000 | (fraction << 13);
  if (exponent !== 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  if (fraction === 0) return sign;
  // Subnormal: fraction * 2^-24, normal in binary32.
  const shift = Math.clz32(fraction) - 21;
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13);
}
