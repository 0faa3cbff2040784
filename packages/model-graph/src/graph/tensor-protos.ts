import type proto from 'onnx-proto';
import { elementBits, type FloatType } from '../safetensors/element-type.ts';
import type { StoredTensor } from '../safetensors/tensor-file.ts';

/** `TensorProto.DataType` of what graphs use. */
export const dataTypes = { float32: 1, int32: 6, int64: 7, bool: 9, float16: 10, bfloat16: 16 } as const;

export type ValueType = 'float32' | 'int32' | 'int64';

const storedTypes: Record<FloatType, number> = {
  F32: dataTypes.float32,
  F16: dataTypes.float16,
  BF16: dataTypes.bfloat16,
};

/** `TensorProto.DataLocation.EXTERNAL` */
const external = 1;

export const valueInfoOf = (
  name: string,
  type: ValueType,
  shape: readonly (number | string)[],
): proto.onnx.IValueInfoProto => ({
  name,
  type: {
    tensorType: {
      elemType: dataTypes[type],
      shape: { dim: shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size })) },
    },
  },
});

export function constantOf(
  name: string,
  type: ValueType,
  values: readonly number[] | Float32Array,
  shape: readonly number[],
): proto.onnx.ITensorProto {
  return { name, dims: [...shape], dataType: dataTypes[type], rawData: rawOf(type, values) };
}

function rawOf(type: ValueType, values: readonly number[] | Float32Array): Uint8Array {
  if (type === 'int64') return new Uint8Array(BigInt64Array.from([...values], BigInt).buffer);
  return new Uint8Array((type === 'int32' ? Int32Array.from(values) : Float32Array.from(values)).buffer);
}

/** An initialiser whose bytes are those of a tensor on disk, or of some of its rows. */
export function externalOf(
  name: string,
  tensor: StoredTensor,
  place: { location: string; part: { start: number; rows: number } | undefined },
): proto.onnx.ITensorProto {
  const type = tensor.type as FloatType;
  const [rowsOfTensor = 1, ...rest] = tensor.shape;
  const { start, rows } = place.part ?? { start: 0, rows: rowsOfTensor };
  const rowBytes = (rest.reduce((product, size) => product * size, 1) * elementBits[type]) / 8;
  const entries = {
    location: place.location,
    offset: String(tensor.offset + start * rowBytes),
    length: String(tensor.shape.length === 0 ? tensor.bytes : rows * rowBytes),
  };
  return {
    name,
    dims: tensor.shape.length === 0 ? [] : [rows, ...rest],
    dataType: storedTypes[type],
    dataLocation: external,
    externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
  };
}
