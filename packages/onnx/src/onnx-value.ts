/** An input or output of a graph. */
export type OnnxValue = {
  readonly name: string;
  /** As onnxruntime names them (`float32`, `string`, `int64`, …); null where unsaid or not a tensor. */
  readonly elementType: string | null;
  readonly isTensor: boolean;
  /** A number, a symbol, or null for a dimension that is free; null as a whole where the rank is unsaid. */
  readonly shape: readonly (number | string | null)[] | null;
};

/** `TensorProto.DataType` by number. */
export const elementTypes: readonly (string | null)[] = [
  null,
  'float32',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'string',
  'bool',
  'float16',
  'float64',
  'uint32',
  'uint64',
  'complex64',
  'complex128',
  'bfloat16',
];

/** `float32[N,1]`, for messages. */
export function describeValue(value: OnnxValue): string {
  if (!value.isTensor) return 'no tensor (a sequence or map)';
  const shape = value.shape === null ? '' : `[${value.shape.map((size) => size ?? '?').join(',')}]`;
  return `${value.elementType ?? 'unknown type'}${shape}`;
}
