/** Number formats of safetensors and the bits of one element. */
export const elementBits = {
  F64: 64,
  F32: 32,
  F16: 16,
  BF16: 16,
  F8_E4M3: 8,
  F8_E5M2: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  F8_E8M0: 8,
  F6_E2M3: 6,
  F6_E3M2: 6,
  F4: 4,
  C64: 64,
  I64: 64,
  I32: 32,
  I16: 16,
  I8: 8,
  U64: 64,
  U32: 32,
  U16: 16,
  U8: 8,
  BOOL: 8,
} as const satisfies Record<string, number>;

export type ElementType = keyof typeof elementBits;

/** The formats that graphs and checks read. */
export type FloatType = 'F32' | 'F16' | 'BF16';

export const isElementType = (name: string): name is ElementType => Object.hasOwn(elementBits, name);

export const isFloatType = (type: ElementType): type is FloatType =>
  type === 'F32' || type === 'F16' || type === 'BF16';
