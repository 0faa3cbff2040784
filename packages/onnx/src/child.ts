/**
 * The process that runs foreign models: the only importer of onnxruntime-node. It is forked with an empty environment,
 * takes and gives tensors only, and is killed by its parent when a limit is passed (a run cannot be aborted otherwise).
 */
import { writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import ort from 'onnxruntime-node';
import { runBatches } from './child-batches.ts';
import type { FromChild, ToChild } from './protocol.ts';

type Rejected = Extract<FromChild, { kind: 'rejected' }>;
type Failure = Pick<Rejected, 'code' | 'message'>;

let session: ort.InferenceSession | undefined;

const send = (message: FromChild): void => {
  process.send?.(message);
};

/** onnxruntime's messages have paths and C++ places in front and may go on for pages. */
function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const line = text.split('\n')[0] ?? '';
  return line.replaceAll(/\/[^\s:]*\//g, '').slice(0, 500);
}

const memoryFault = /bad_alloc|bad allocation|failed to allocate|out of memory|array buffer allocation/i;

function failureOf(error: unknown, code: Rejected['code']): Failure {
  const message = firstLine(error);
  if (error instanceof Error && error.name === 'OutputFault') return { code: 'outputs_wrong', message };
  return memoryFault.test(message) ? { code: 'inference_out_of_memory', message } : { code, message };
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

/** A run blocks this thread, so another one looks whether the parent still lives. */
function dieWithParent(): void {
  process.on('disconnect', () => process.exit(0));
  const watch = `const parent = ${process.ppid};
    setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL'); }, 1000);`;
  new Worker(watch, { eval: true, stdout: false, resourceLimits: { maxOldGenerationSizeMb: 8 } }).unref();
}

/** Where memory runs out, the kernel shall take this process first. */
function offerToKernel(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // Not Linux, or not allowed: the parent's watch on memory remains.
  }
}

offerToKernel();
dieWithParent();
let queue: Promise<void> = Promise.resolve();
process.on('message', (message: ToChild) => {
  queue = queue.then(async () => send(await answer(message)));
});
send({ kind: 'ready', runtime: ort.env.versions.node ?? ort.env.versions.common });
