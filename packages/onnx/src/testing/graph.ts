import onnxProto, { type onnx } from 'onnx-proto';

const { TensorProto, AttributeProto, ModelProto } = onnxProto.onnx;
const dataTypes = {
  float32: TensorProto.DataType.FLOAT,
  string: TensorProto.DataType.STRING,
  int64: TensorProto.DataType.INT64,
};

export type TestType = keyof typeof dataTypes;
export type TestValue = { name: string; type: TestType; shape: (number | string)[] };
export type TestAttribute =
  | number
  | number[]
  | { ints: number[] }
  | { int: number }
  | string
  | string[]
  | onnx.ITensorProto
  | { graph: onnx.IGraphProto };
export type TestNode = {
  type: string;
  domain?: string;
  inputs: string[];
  outputs: string[];
  attributes?: Record<string, TestAttribute>;
};
export type TestGraph = {
  nodes: TestNode[];
  inputs: TestValue[];
  outputs: TestValue[];
  initializers?: onnx.ITensorProto[];
};

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A float32 tensor. */
export const floats = (name: string, dims: number[], values: number[]): onnx.ITensorProto => ({
  name,
  dims,
  dataType: TensorProto.DataType.FLOAT,
  rawData: new Uint8Array(Float32Array.from(values).buffer),
});

/** An int64 tensor. */
export const integers = (name: string, dims: number[], values: number[]): onnx.ITensorProto => ({
  name,
  dims,
  dataType: TensorProto.DataType.INT64,
  rawData: new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
});

/** A tensor of strings. */
export const texts = (name: string, dims: number[], values: string[]): onnx.ITensorProto => ({
  name,
  dims,
  dataType: TensorProto.DataType.STRING,
  stringData: values.map(bytes),
});

const valueInfo = (value: TestValue): onnx.IValueInfoProto => ({
  name: value.name,
  type: {
    tensorType: {
      elemType: dataTypes[value.type],
      shape: { dim: value.shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size })) },
    },
  },
});

function attribute(name: string, value: TestAttribute): onnx.IAttributeProto {
  const types = AttributeProto.AttributeType;
  if (typeof value === 'number') return { name, type: types.FLOAT, f: value };
  if (typeof value === 'string') return { name, type: types.STRING, s: bytes(value) };
  if (Array.isArray(value)) {
    return typeof value[0] === 'string'
      ? { name, type: types.STRINGS, strings: value.map((text) => bytes(String(text))) }
      : { name, type: types.FLOATS, floats: value.map(Number) };
  }
  if ('ints' in value) return { name, type: types.INTS, ints: value.ints };
  if ('int' in value) return { name, type: types.INT, i: value.int };
  if ('graph' in value) return { name, type: types.GRAPH, g: value.graph };
  return { name, type: types.TENSOR, t: value };
}

/** A GraphProto, for a model or for an attribute. */
export const graphOf = (graph: TestGraph): onnx.IGraphProto => ({
  name: 'graph',
  node: graph.nodes.map((node) => ({
    opType: node.type,
    domain: node.domain ?? '',
    input: node.inputs,
    output: node.outputs,
    attribute: Object.entries(node.attributes ?? {}).map(([name, value]) => attribute(name, value)),
  })),
  input: graph.inputs.map(valueInfo),
  output: graph.outputs.map(valueInfo),
  initializer: graph.initializers ?? [],
});

/** The bytes of a model. `change` edits the message before it is written. */
export function modelOf(graph: TestGraph, change: (model: onnx.IModelProto) => void = () => undefined): Uint8Array {
  const model: onnx.IModelProto = {
    irVersion: 8,
    opsetImport: [
      { domain: '', version: 17 },
      { domain: 'ai.onnx.ml', version: 3 },
    ],
    graph: graphOf(graph),
  };
  change(model);
  return ModelProto.encode(ModelProto.create(model)).finish();
}
