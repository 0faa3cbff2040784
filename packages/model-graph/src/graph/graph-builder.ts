import { relative, sep } from 'node:path';
import proto from 'onnx-proto';
import { isFloatType } from '../safetensors/element-type.ts';
import type { StoredTensor } from '../safetensors/tensor-file.ts';
import { type AttributeValue, attributeOf } from './attribute.ts';
import { constantOf, dataTypes, externalOf, type ValueType, valueInfoOf } from './tensor-protos.ts';

/** The name of a value in a graph. */
export type Value = string;

/** Operators of onnxruntime itself, of which the fused ones are. */
export const fused = 'com.microsoft';

export type NodeOptions = {
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly domain?: string;
};

const irVersion = 10;
const opsets = [
  { domain: '', version: 21 },
  { domain: fused, version: 1 },
];

/**
 * Collects nodes, constants and inputs, and writes them as an ONNX model. Weights stay where they are: they become
 * external data that name their file and offset, so a graph of any model has some tens of kilobytes.
 */
export class GraphBuilder {
  readonly #folder: string;
  readonly #nodes: proto.onnx.INodeProto[] = [];
  readonly #inputs: proto.onnx.IValueInfoProto[] = [];
  readonly #outputs: proto.onnx.IValueInfoProto[] = [];
  readonly #initialisers: proto.onnx.ITensorProto[] = [];
  readonly #shared = new Map<string, Value>();
  #count = 0;

  /** @param folder where the graph's file will lie; the weights must lie in it or below. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  input(name: string, type: ValueType, shape: readonly (number | string)[]): Value {
    this.#inputs.push(valueInfoOf(name, type, shape));
    return name;
  }

  /** Gives `value` its name outside. */
  output(name: string, value: Value, type: ValueType, shape: readonly (number | string)[]): void {
    this.#nodes.push({ opType: 'Identity', input: [value], output: [name], name: `output_${name}` });
    this.#outputs.push(valueInfoOf(name, type, shape));
  }

  /** A node with one output that is used. An input of `''` is left out. */
  op(type: string, inputs: readonly Value[], options: NodeOptions = {}): Value {
    return this.ops(type, inputs, 1, options)[0] as Value;
  }

  /** A node with `count` outputs. */
  ops(type: string, inputs: readonly Value[], count: number, options: NodeOptions = {}): Value[] {
    this.#count += 1;
    const name = `${type}_${this.#count}`;
    const output = Array.from({ length: count }, (_, index) => (count === 1 ? name : `${name}.${index}`));
    this.#nodes.push({
      name,
      opType: type,
      domain: options.domain ?? '',
      input: [...inputs],
      output,
      attribute: Object.entries(options.attributes ?? {}).map(([key, value]) => attributeOf(key, value)),
    });
    return output;
  }

  /** A constant of whole numbers; a scalar where `shape` is `[]`, else one dimension. */
  ints(
    values: readonly number[],
    shape: readonly number[] = [values.length],
    type: 'int64' | 'int32' = 'int64',
  ): Value {
    return this.#constant(type, values, shape);
  }

  floats(values: readonly number[] | Float32Array, shape: readonly number[] = [values.length]): Value {
    return this.#constant('float32', values, shape);
  }

  /** A weight as float32, or rows of one: `[rows, …]` from the row `start` on. */
  weight(tensor: StoredTensor, part?: { start: number; rows: number }): Value {
    const key = `weight ${tensor.file} ${tensor.offset} ${part?.start ?? 0} ${part?.rows ?? ''}`;
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    if (!isFloatType(tensor.type)) throw new TypeError(`${tensor.name} is ${tensor.type}`);
    const name = part ? `${tensor.name}[${part.start}]` : tensor.name;
    this.#initialisers.push(externalOf(name, tensor, { location: this.#locate(tensor.file), part }));
    const value =
      tensor.type === 'F32' ? name : this.op('Cast', [name], { attributes: { to: { int: dataTypes.float32 } } });
    this.#shared.set(key, value);
    return value;
  }

  /** The model as protobuf bytes. */
  bytes(): Uint8Array {
    const { ModelProto } = proto.onnx;
    const model = {
      irVersion,
      producerName: 'agon',
      opsetImport: opsets,
      graph: {
        name: 'agon',
        node: this.#nodes,
        input: this.#inputs,
        output: this.#outputs,
        initializer: this.#initialisers,
      },
    };
    return ModelProto.encode(ModelProto.create(model)).finish();
  }

  #constant(type: ValueType, values: readonly number[] | Float32Array, shape: readonly number[]): Value {
    const key = values.length <= 64 ? `${type} ${shape.join(',')} ${values.join(',')}` : undefined;
    const known = key === undefined ? undefined : this.#shared.get(key);
    if (known !== undefined) return known;
    this.#count += 1;
    const name = `constant_${this.#count}`;
    this.#initialisers.push(constantOf(name, type, values, shape));
    if (key !== undefined) this.#shared.set(key, name);
    return name;
  }

  #locate(file: string): string {
    const way = relative(this.#folder, file).split(sep).join('/');
    if (way === '' || way.startsWith('../') || way.startsWith('/')) {
      throw new RangeError(`The weights ${file} must lie in ${this.#folder}, beside the graph or below it.`);
    }
    return way;
  }
}
