import proto from 'onnx-proto';

/** A float is written `{ float }`, a whole number `{ int }`, a list of whole numbers as it is, text as it is. */
export type AttributeValue = { readonly float: number } | { readonly int: number } | readonly number[] | string;

export function attributeOf(name: string, value: AttributeValue): proto.onnx.IAttributeProto {
  const types = proto.onnx.AttributeProto.AttributeType;
  if (typeof value === 'string') return { name, type: types.STRING, s: new TextEncoder().encode(value) };
  if ('float' in value) return { name, type: types.FLOAT, f: value.float };
  if ('int' in value) return { name, type: types.INT, i: value.int };
  return { name, type: types.INTS, ints: [...value] };
}
