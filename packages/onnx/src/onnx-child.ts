import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { LimitedProcess } from './child-process.ts';
import type { OnnxValue } from './onnx-value.ts';
import type { Feeds, Fetch, OnnxOutput, OnnxOutputs, OutputData, SentFeeds } from './protocol.ts';
import { OnnxRejection } from './rejection.ts';
import { TextCollector, type Texts, textsOf } from './texts.ts';

export type OnnxLimits = {
  /** Resident memory of the process, the runtime's own (about 100) included. */
  readonly memoryMib: number;
  readonly threads: number;
  /** Loading may take as long, and so may each run. */
  readonly timeMs: number;
};

/** Rows per inference: large enough that calls cost nothing, small enough for the processor's caches (docs/benchmarks.md). */
const cellsPerBatch = 32_768;
const batchRowsMin = 256;
const batchRowsMax = 8_192;
/** Bytes per message to the process; two are under way at a time. */
const chunkBytes = 2 * 1024 * 1024;
const widthMaxDefault = 4_096;

/** A model that is loaded in a process of its own. Not for two runs at once: they would share the time limit. */
export type OnnxChild = {
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** Version of onnxruntime. */
  readonly runtime: string;
  readonly alive: boolean;
  /** Of the process. */
  readonly pid: number;
  /**
   * @param feeds columns of `rows` values by input name.
   * @param options.fetches the outputs wanted; every tensor where it is left out.
   * @throws OnnxRejection where the model fails or passes a limit, then the process is gone or can run on; Error where
   * the service fails.
   */
  run(feeds: Feeds, rows: number, options?: { fetches?: readonly Fetch[]; timeMs?: number }): Promise<OnnxOutputs>;
  memoryMib(): Promise<number | undefined>;
  /** Kills the process and waits for its end. May be called twice. */
  close(): Promise<void>;
};

/**
 * Loads a model in a forked process.
 *
 * @param options.modelPath a file that `inspectOnnx` has accepted.
 * @throws OnnxRejection where the model cannot be loaded within the limits; Error where the service fails.
 */
export async function openOnnxChild(options: {
  modelPath: string;
  limits: OnnxLimits;
  script?: string;
}): Promise<OnnxChild> {
  const { limits } = options;
  // What cannot be read is not the model's fault; the runtime would say that it is.
  await access(options.modelPath);
  const child = await LimitedProcess.start({
    memoryMib: limits.memoryMib,
    ...(options.script === undefined ? {} : { script: options.script }),
  });
  try {
    const request = { kind: 'load', modelPath: resolve(options.modelPath), threads: limits.threads } as const;
    const loaded = await child.ask(request, limits.timeMs);
    if (loaded.kind !== 'loaded') throw new Error('The scoring process answered out of turn.');
    return handle(child, loaded, limits);
  } catch (error) {
    await child.kill();
    throw error;
  }
}

function handle(
  child: LimitedProcess,
  loaded: { inputs: readonly OnnxValue[]; outputs: readonly OnnxValue[] },
  limits: OnnxLimits,
): OnnxChild {
  const tensors = loaded.outputs.filter((output) => output.isTensor);
  const everything = tensors.map((output) => ({ name: output.name, widthMax: widthMaxDefault }));
  return {
    inputs: loaded.inputs,
    outputs: loaded.outputs,
    runtime: child.runtime,
    pid: child.pid,
    get alive() {
      return child.alive;
    },
    run: (feeds, rows, wanted = {}) =>
      runChunks(child, { feeds, rows, fetches: wanted.fetches ?? everything, timeMs: wanted.timeMs ?? limits.timeMs }),
    memoryMib: () => child.memoryMib(),
    close: () => child.kill(),
  };
}

type Work = { feeds: Feeds; rows: number; fetches: readonly Fetch[]; timeMs: number };

/** Sends the rows in messages of bounded size, the next one while the process works on the one before. */
async function runChunks(child: LimitedProcess, work: Work): Promise<OnnxOutputs> {
  const endMs = performance.now() + work.timeMs;
  const { chunkRows, batchRows } = sizesOf(work);
  const answers: Promise<OnnxOutputs>[] = [];
  for (let start = 0; start < work.rows; start += chunkRows) {
    await answers.at(-2);
    const end = Math.min(start + chunkRows, work.rows);
    const answer = runChunk(child, { ...work, start, end, batchRows }, endMs - performance.now());
    answer.catch(() => undefined);
    answers.push(answer);
  }
  return joined(await Promise.all(answers), work.rows);
}

async function runChunk(
  child: LimitedProcess,
  part: Work & { start: number; end: number; batchRows: number },
  timeMs: number,
): Promise<OnnxOutputs> {
  const { start, end, batchRows, fetches } = part;
  const feeds = sent(part.feeds, start, end);
  const answer = await child.ask({ kind: 'run', rows: end - start, batchRows, feeds, fetches }, timeMs);
  if (answer.kind !== 'outputs') throw new Error('The scoring process answered out of turn.');
  return answer.outputs;
}

function sent(feeds: Feeds, start: number, end: number): SentFeeds {
  const parts = Object.entries(feeds).map(([name, column]) => [
    name,
    column instanceof Float32Array
      ? column.subarray(start, end)
      : (textsOf(column, start, end) ?? column.slice(start, end)),
  ]);
  return Object.fromEntries(parts) as SentFeeds;
}

function sizesOf(work: Work): { chunkRows: number; batchRows: number } {
  const columns = Object.values(work.feeds);
  const cellRows = Math.floor(cellsPerBatch / Math.max(1, columns.length));
  const batchRows = Math.max(batchRowsMin, Math.min(batchRowsMax, cellRows));
  let bytes = 0;
  for (const column of columns) {
    bytes += column.length * 8;
    if (column instanceof Float32Array) continue;
    for (const text of column) bytes += text.length;
  }
  const chunkRows = Math.max(1, Math.floor((work.rows * chunkBytes) / Math.max(1, bytes)));
  // Whole batches, unless single rows are so large that a message holds less than a batch.
  return chunkRows > batchRows
    ? { chunkRows: chunkRows - (chunkRows % batchRows), batchRows }
    : { chunkRows, batchRows: chunkRows };
}

/** One output out of the outputs of consecutive rows. */
function joined(parts: readonly OnnxOutputs[], rows: number): OnnxOutputs {
  const [first] = parts;
  if (!first || parts.length === 1) return first ?? {};
  return Object.fromEntries(Object.entries(first).map(([name, head]) => [name, joinedOutput(name, head, parts, rows)]));
}

function joinedOutput(name: string, head: OnnxOutput, parts: readonly OnnxOutputs[], rows: number): OnnxOutput {
  const pieces = parts.map((part) => part[name]);
  const alike = pieces.every((piece) => piece?.width === head.width && piece.elementType === head.elementType);
  if (!alike) throw new OnnxRejection('outputs_wrong', `The output ${name} changes its shape or type between rows.`);
  const columns = pieces.flatMap((piece) => (piece ? [piece.data] : []));
  return { ...head, data: concatenated(columns, rows * head.width) };
}

function concatenated(columns: readonly OutputData[], length: number): OutputData {
  const [first = new Float32Array(0)] = columns;
  if ('codes' in first) {
    const collector = new TextCollector(length);
    for (const column of columns as Texts[]) collector.addTexts(column);
    return collector.texts;
  }
  const Type = first.constructor as new (length: number) => Float32Array;
  const all = new Type(length);
  let offset = 0;
  for (const column of columns as Float32Array[]) {
    all.set(column, offset);
    offset += column.length;
  }
  return all;
}
