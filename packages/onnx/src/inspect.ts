import { limits, type RejectionCode } from '@agon/contracts';
import { emptyFacts, type GraphFacts, inspectGraph } from './inspect-graph.ts';
import type { OnnxValue } from './onnx-value.ts';
import { versionsMax } from './operators.ts';
import { OnnxRejection } from './rejection.ts';
import { WireError, WireReader } from './wire-reader.ts';

export type OnnxInspection =
  | {
      readonly ok: true;
      /** What must be fed: inputs that have no initialiser. */
      readonly inputs: readonly OnnxValue[];
      readonly outputs: readonly OnnxValue[];
      /** Version of the domain ai.onnx, and of ai.onnx.ml; null where the model does not import it. */
      readonly opset: number | null;
      readonly mlOpset: number | null;
      readonly irVersion: number;
    }
  | { readonly ok: false; readonly rejection: { readonly code: RejectionCode; readonly message: string } };

type ModelFacts = { irVersion: number; opsets: Map<string, number>; graphs: number; graph: GraphFacts };

const sentence = 'The file is not an ONNX model in protobuf form; export it again.';

/** onnxruntime would take such bytes for a model in its own format and skip everything that is checked here. */
const isOrtFormat = (bytes: Uint8Array): boolean => Buffer.from(bytes.subarray(4, 8)).toString('latin1') === 'ORTM';

/**
 * Reads what an ONNX file says of itself and whether it may be run: standard operators only, no data outside the file,
 * no local functions, versions that the runtime knows. Runs nothing and copies nothing.
 */
export function inspectOnnx(bytes: Uint8Array, options: { bytesMax?: number } = {}): OnnxInspection {
  const bytesMax = options.bytesMax ?? limits.submissionBytesMax;
  if (bytes.length > bytesMax) {
    return rejected('model_too_large', `The model has ${bytes.length} bytes; the limit is ${bytesMax}.`);
  }
  try {
    if (isOrtFormat(bytes)) return rejected('model_unreadable', `${sentence} Models in ORT format are not accepted.`);
    const model: ModelFacts = { irVersion: 0, opsets: new Map(), graphs: 0, graph: emptyFacts() };
    readModel(new WireReader(bytes), model);
    checkVersions(model);
    return {
      ok: true,
      inputs: model.graph.inputs.filter((input) => !model.graph.initializers.has(input.name)),
      outputs: model.graph.outputs,
      opset: model.opsets.get('') ?? model.opsets.get('ai.onnx') ?? null,
      mlOpset: model.opsets.get('ai.onnx.ml') ?? null,
      irVersion: model.irVersion,
    };
  } catch (error) {
    if (error instanceof OnnxRejection) return rejected(error.code, error.message);
    if (error instanceof WireError) return rejected('model_unreadable', `${sentence} ${error.message}`);
    throw error;
  }
}

function rejected(code: RejectionCode, message: string): OnnxInspection {
  return { ok: false, rejection: { code, message } };
}

/** ModelProto. A field that occurs twice is merged by protobuf, so every occurrence is checked. */
function readModel(reader: WireReader, model: ModelFacts): void {
  while (reader.next()) {
    if (reader.field === 1) model.irVersion = reader.varint();
    else if (reader.field === 8) readOpset(reader.message(), model.opsets);
    else if (reader.field === 7) {
      model.graphs += 1;
      inspectGraph(reader.message(), model.graph);
    } else if (reader.field === 25) {
      throw new OnnxRejection('operator_not_allowed', 'The model has local functions; inline them (onnx.inliner).');
    } else if (reader.field === 20) {
      throw new OnnxRejection('operator_not_allowed', 'The model has training graphs; export it for inference.');
    }
  }
}

function readOpset(reader: WireReader, opsets: Map<string, number>): void {
  let domain = '';
  let version = 0;
  while (reader.next()) {
    if (reader.field === 1) domain = reader.text();
    else if (reader.field === 2) version = reader.varint();
  }
  opsets.set(domain, Math.max(version, opsets.get(domain) ?? 0));
}

function checkVersions(model: ModelFacts): void {
  const bounds = [
    ['IR version', model.irVersion, versionsMax.ir],
    ['opset', Math.max(model.opsets.get('') ?? 0, model.opsets.get('ai.onnx') ?? 0), versionsMax.opset],
    ['ai.onnx.ml opset', model.opsets.get('ai.onnx.ml') ?? 0, versionsMax.mlOpset],
  ] as const;
  for (const [name, version, versionMax] of bounds) {
    if (version > versionMax) {
      throw new OnnxRejection(
        'operator_not_allowed',
        `The model has ${name} ${version}; the highest that is accepted is ${versionMax}. Export it for that version.`,
      );
    }
  }
  if (model.graphs === 0 || model.irVersion === 0 || model.graph.outputs.length === 0) {
    throw new OnnxRejection('model_unreadable', `${sentence} It has no graph with outputs.`);
  }
}
