import type { RejectionCode } from '@agon/contracts';
import { elementTypes, type OnnxValue } from './onnx-value.ts';
import { whyRefused } from './operators.ts';
import { OnnxRejection } from './rejection.ts';
import type { WireReader } from './wire-reader.ts';

const depthMax = 8;
const dimensionsMax = 16;
const valuesMax = 10_000;
/** Packed 4-bit types hold two values in a byte; nothing holds more. */
const valuesPerByteMax = 2;

const refuse = (code: RejectionCode, message: string): never => {
  throw new OnnxRejection(code, message);
};

export type GraphFacts = { inputs: OnnxValue[]; outputs: OnnxValue[]; initializers: Set<string> };
export const emptyFacts = (): GraphFacts => ({ inputs: [], outputs: [], initializers: new Set() });

/**
 * Checks a GraphProto with its subgraphs and collects what stands at its edges.
 *
 * @throws OnnxRejection for operators, data or sizes that are not allowed; WireError for broken bytes.
 */
export function inspectGraph(graph: WireReader, facts: GraphFacts, depth = 0): void {
  if (depth > depthMax) refuse('operator_not_allowed', `The graph nests more than ${depthMax} graphs in each other.`);
  while (graph.next()) {
    if (graph.field === 1) inspectNode(graph.message(), depth);
    else if (graph.field === 5) facts.initializers.add(inspectTensor(graph.message()));
    else if (graph.field === 15) refuse('model_unreadable', 'The graph has sparse initialisers; store them dense.');
    else if (graph.field === 11) facts.inputs.push(readValue(graph.message()));
    else if (graph.field === 12) facts.outputs.push(readValue(graph.message()));
    if (facts.inputs.length + facts.outputs.length > valuesMax) {
      refuse('model_unreadable', `The graph has more than ${valuesMax} inputs and outputs.`);
    }
  }
}

function inspectNode(node: WireReader, depth: number): void {
  let type = '';
  let domain = '';
  let inputs = 0;
  while (node.next()) {
    if (node.field === 1) inputs += 1;
    else if (node.field === 4) type = node.text();
    else if (node.field === 7) domain = node.text();
    else if (node.field === 5) inspectAttribute(node.message(), depth);
  }
  const reason = whyRefused({ domain, type, inputs });
  if (reason !== undefined) refuse('operator_not_allowed', reason);
}

function inspectAttribute(attribute: WireReader, depth: number): void {
  while (attribute.next()) {
    if (attribute.field === 5 || attribute.field === 10) inspectTensor(attribute.message());
    else if (attribute.field === 6 || attribute.field === 11)
      inspectGraph(attribute.message(), emptyFacts(), depth + 1);
    else if (attribute.field === 22 || attribute.field === 23) {
      refuse('model_unreadable', 'An attribute holds a sparse tensor; store it dense.');
    }
  }
}

/** Answers the tensor's name. */
function inspectTensor(tensor: WireReader): string {
  let name = '';
  let values = 1;
  let dimensions = 0;
  let bytes = 0;
  while (tensor.next()) {
    if (tensor.field === 1) {
      for (const size of tensor.varints(dimensionsMax)) {
        values *= size;
        dimensions += 1;
      }
    } else if (tensor.field === 8) name = tensor.text();
    else if (tensor.field === 13 || (tensor.field === 14 && tensor.varint() !== 0)) {
      refuse('external_data_not_allowed', 'A tensor keeps its data in another file; save the model as one file.');
    } else bytes += tensor.bytes + 1;
    if (dimensions > dimensionsMax) refuse('model_unreadable', `A tensor has more than ${dimensionsMax} dimensions.`);
  }
  if (values > bytes * valuesPerByteMax) {
    refuse('model_unreadable', `The tensor ${JSON.stringify(name)} claims more values than it holds.`);
  }
  return name;
}

/** ValueInfoProto. */
function readValue(value: WireReader): OnnxValue {
  let name = '';
  let found: Omit<OnnxValue, 'name'> = { elementType: null, isTensor: true, shape: null };
  while (value.next()) {
    if (value.field === 1) name = value.text();
    else if (value.field === 2) found = readType(value.message());
  }
  return { name, ...found };
}

/** TypeProto: tensor, sequence, map, sparse tensor or optional. */
function readType(type: WireReader): Omit<OnnxValue, 'name'> {
  let found: Omit<OnnxValue, 'name'> = { elementType: null, isTensor: true, shape: null };
  while (type.next()) {
    if (type.field === 1) found = readTensorType(type.message());
    else if ([4, 5, 8, 9].includes(type.field)) found = { elementType: null, isTensor: false, shape: null };
  }
  return found;
}

function readTensorType(tensor: WireReader): Omit<OnnxValue, 'name'> {
  let elementType: string | null = null;
  let shape: (number | string | null)[] | null = null;
  while (tensor.next()) {
    if (tensor.field === 1) elementType = elementTypes[tensor.varint()] ?? null;
    else if (tensor.field === 2) shape = readShape(tensor.message());
  }
  return { elementType, isTensor: true, shape };
}

function readShape(shape: WireReader): (number | string | null)[] {
  const sizes: (number | string | null)[] = [];
  while (shape.next()) {
    if (shape.field !== 1) continue;
    if (sizes.length >= dimensionsMax) refuse('model_unreadable', `A shape has more than ${dimensionsMax} dimensions.`);
    sizes.push(readDimension(shape.message()));
  }
  return sizes;
}

function readDimension(dimension: WireReader): number | string | null {
  let size: number | string | null = null;
  while (dimension.next()) {
    if (dimension.field === 1) size = dimension.varint() > Number.MAX_SAFE_INTEGER ? null : dimension.varint();
    else if (dimension.field === 2) size = dimension.text() || null;
  }
  return size;
}
