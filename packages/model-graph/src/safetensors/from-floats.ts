import type { FloatType } from './element-type.ts';

/**
 * float32 values as bytes of a format, rounded to the nearest, ties to even, as PyTorch does. Little-endian, as is every
 * machine that Node has builds for.
 */
export function fromFloats(values: Float32Array, type: FloatType): Uint8Array {
  if (type === 'F32') return new Uint8Array(values.slice().buffer);
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  const narrow = type === 'BF16' ? singleToBrain : singleToHalf;
  for (let index = 0; index < halves.length; index += 1) halves[index] = narrow(bits[index] as number);
  return new Uint8Array(halves.buffer);
}

const isNan = (bits: number): boolean => (bits & 0x7fffffff) > 0x7f800000;

function singleToBrain(bits: number): number {
  if (isNan(bits)) return (bits >>> 16) | 0x40;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

/** IEEE 754 binary32 to binary16. */
function singleToHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (isNan(bits)) return sign | 0x7e00;
  // From 65,520 on, the nearest is infinity.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) {
    const rebiased = magnitude - 0x38000000;
    return sign | ((rebiased + 0xfff + ((rebiased >>> 13) & 1)) >>> 13);
  }
  // Subnormal in binary16, or zero: multiples of 2^-24.
  const exponent = magnitude >>> 23;
  const shift = 126 - exponent;
  if (shift > 24) return sign;
  const fraction = (magnitude & 0x7fffff) | 0x800000;
  const kept = fraction >>> shift;
  const rest = fraction & ((1 << shift) - 1);
  const middle = 1 << (shift - 1);
  return sign | (rest > middle || (rest === middle && (kept & 1) === 1) ? kept + 1 : kept);
}
