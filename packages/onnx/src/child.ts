/**
 * The process that runs foreign models: the only importer of onnxruntime-node. It is forked with an empty environment,
 * takes and gives tensors only, and is killed by its parent when a limit is passed (a run cannot be aborted otherwise).
 */
import ort from 'onnxruntime-node';
import { runBatches } from './child-batches.ts';
import type { FromChild, ToChild } from './protocol.ts';
import { firstLineOf, isMemoryFault } from './runtime-fault.ts';
import { becomeChild, serveParent } from './served-child.ts';

type Rejected = Extract<FromChild, { kind: 'rejected' }>;
type Failure = Pick<Rejected, 'code' | 'message'>;

let session: ort.InferenceSession | undefined;

function failureOf(error: unknown, code: Rejected['code']): Failure {
  const message = firstLineOf(error);
  if (error instanceof Error && error.name === 'OutputFault') return { code: 'outputs_wrong', message };
  return isMemoryFault(message) ? { code: 'inference_out_of_memory', message } : { code, message };
}

function valuesOf(metadata: readonly ort.InferenceSession.ValueMetadata[]) {
  return metadata.map((value) =>
    value.isTensor
      ? {
          name: value.name,
          isTensor: true,
          elementType: value.type as string,
          shape: value.shape.length > 0 ? [...value.shape] : null,
        }
      : { name: value.name, isTensor: false, elementType: null, shape: null },
  );
}

async function load(message: Extract<ToChild, { kind: 'load' }>): Promise<FromChild> {
  session = await ort.InferenceSession.create(message.modelPath, {
    executionProviders: ['cpu'],
    executionMode: 'sequential',
    intraOpNumThreads: message.threads,
    interOpNumThreads: 1,
    logSeverityLevel: 4,
    extra: { session: { load_model_format: 'ONNX', intra_op: { allow_spinning: '0' } } },
  });
  return {
    kind: 'loaded',
    id: message.id,
    inputs: valuesOf(session.inputMetadata),
    outputs: valuesOf(session.outputMetadata),
  };
}

async function answer(message: ToChild): Promise<FromChild> {
  const code = message.kind === 'load' ? 'model_unreadable' : 'inference_failed';
  try {
    if (message.kind === 'load') return await load(message);
    if (!session) throw new Error('No model is loaded.');
    return { kind: 'outputs', id: message.id, outputs: await runBatches(session, message) };
  } catch (error) {
    return { kind: 'rejected', id: message.id, ...failureOf(error, code) };
  }
}

becomeChild();
serveParent(ort.env.versions.node ?? ort.env.versions.common, answer);
