import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { TableSchema } from '@agon/contracts';
import { inspectDataset, prepareDataset, readPart, sourceOfFile, type TableColumns } from '@agon/dataset';
import { openOnnxChild, predictTable } from '@agon/onnx';
import { type Bench, resultOf } from './result.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const copies = 60;
const rounds = 5;
const threads = 1;
const trainSeconds = 20;

/** The yardstick: onnxruntime from Python on the same model and rows, as fast as it can be asked. */
const program = `
import json, sys, time
import numpy as np
import onnxruntime as ort
spec = json.load(open(sys.argv[1]))
options = ort.SessionOptions()
options.intra_op_num_threads = spec["threads"]
options.inter_op_num_threads = 1
session = ort.InferenceSession(spec["model"], options, providers=["CPUExecutionProvider"])
feeds = {}
for name, column in spec["columns"].items():
    values = column["values"] * spec["copies"]
    if column["kind"] == "number":
        feeds[name] = np.array([np.nan if v is None else v for v in values], dtype=np.float32).reshape(-1, 1)
    else:
        feeds[name] = np.array(values, dtype=object).reshape(-1, 1)
wanted = {i.name for i in session.get_inputs()}
feeds = {k: v for k, v in feeds.items() if k in wanted}
rows = len(next(iter(feeds.values())))
best = 1e9
for _ in range(spec["rounds"]):
    for batch in (rows, 8192):
        started = time.perf_counter()
        for start in range(0, rows, batch):
            session.run(["probabilities"], {k: v[start:start + batch] for k, v in feeds.items()})
        best = min(best, time.perf_counter() - started)
print(json.dumps({"rows_per_second": rows / best}))
`;

/** Trains the boosted trees of \`templates/tabular-gbdt\` on the flights, so that the model is a real one. */
async function trainModel(folder: string, input: { table: TableSchema; rows: number }): Promise<string> {
  const job = {
    contract: 1,
    run: 'run_bench0000',
    job: 'job_bench0000',
    task: 'tabular-classification',
    objective: { metric: 'log_loss', direction: 'minimize', goal: null },
    seed: 1,
    deadline_unix: Date.now() / 1000 + trainSeconds,
    limits: { cpus: 2, memory_mib: 4096, submission_bytes: 2 ** 28 },
    data: { path: 'data/train.csv', format: 'csv', rows: input.rows },
    table: input.table,
    base_model: null,
  };
  await writeFile(join(folder, 'job.json'), JSON.stringify(job));
  const templates = join(root, 'templates');
  const env = { ...process.env, AGON_JOB: folder, PYTHONPATH: join(templates, 'shared') };
  await run(python(), ['train.py'], { cwd: join(templates, 'tabular-gbdt'), env, maxBuffer: 2 ** 26 });
  const [model] = (await readdir(join(folder, 'out'))).filter((name) => name.endsWith('.onnx'));
  return join(folder, 'out', model ?? 'model.onnx');
}

const python = (): string => process.env.AGON_PYTHON ?? 'python3';

async function prepare(folder: string): Promise<{ table: TableSchema; trainRows: number; part: TableColumns }> {
  const source = await sourceOfFile(join(root, 'datasets', 'flights', 'flights.csv'));
  const inspection = await inspectDataset(source, { target: 'late' });
  if (!inspection.ok) throw new Error(inspection.error.message);
  if (inspection.data !== 'table') throw new Error('The flights are no table.');
  await run('mkdir', ['-p', join(folder, 'data'), join(folder, 'out')]);
  const blobs = new Map<string, Buffer>();
  const prepared = await prepareDataset(source, inspection, {
    splitSecret: '0'.repeat(64),
    write: async (name, csv) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of csv) chunks.push(chunk);
      const bytes = Buffer.concat(chunks);
      blobs.set(name, bytes);
      return { sha256: '0'.repeat(64), bytes: bytes.length };
    },
  });
  await writeFile(join(folder, 'data', 'train.csv'), blobs.get('train') ?? '');
  const { table } = inspection;
  const report = blobs.get('report') ?? Buffer.alloc(0);
  const part = await readPart(chunksOf(report), table);
  return { table, trainRows: prepared.parts.train.rows, part };
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

const repeat = (column: Float64Array | string[]): Float32Array | string[] =>
  column instanceof Float64Array
    ? Float32Array.from({ length: column.length * copies }, (_, index) => column[index % column.length] ?? Number.NaN)
    : Array.from({ length: column.length * copies }, (_, index) => column[index % column.length] ?? '');

/** A model of the flights, and rows for it. @param folder is filled with what training needs. */
export async function flightsModel(folder: string) {
  const { table, trainRows, part } = await prepare(folder);
  const model = await trainModel(folder, { table, rows: trainRows });
  return { model, table, part, columns: part.columns.map(repeat), rows: part.rows * copies };
}

/** Rows/s of the evaluator's path (process boundary and checks included) beside Python onnxruntime's. */
export const scoreTabular: Bench = async (say) => {
  const folder = await mkdtemp(join(tmpdir(), 'agon-bench-'));
  try {
    say(`training boosted trees for ${trainSeconds} s …`);
    const { model, table, part, columns, rows } = await flightsModel(folder);
    say(`${rows} rows, ${threads} thread …`);
    const yardstick = await pythonRowsPerSecond(folder, { model, table, part });
    const ours = await processRowsPerSecond({ model, table, columns, rows });
    const spec = { bench: 'score-tabular', unit: 'rows/s', aim: 'ratio >= 1' };
    return [resultOf(spec, { ours, yardstick, details: { rows, threads } }, ({ ratio }) => ratio >= 1)];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** Rows/s through the process that scores and predicts. */
export async function processRowsPerSecond(input: {
  model: string;
  table: TableSchema;
  columns: (Float32Array | string[])[];
  rows: number;
}): Promise<number> {
  const child = await openOnnxChild({ modelPath: input.model, limits: { memoryMib: 4_096, threads, timeMs: 300_000 } });
  try {
    let bestMs = Number.POSITIVE_INFINITY;
    for (let round = 0; round < rounds; round += 1) {
      const startedMs = performance.now();
      const { table, columns, rows } = input;
      await predictTable({ child, table, task: 'tabular-classification', columns, rows });
      bestMs = Math.min(bestMs, performance.now() - startedMs);
    }
    return input.rows / (bestMs / 1000);
  } finally {
    await child.close();
  }
}

async function pythonRowsPerSecond(
  folder: string,
  input: { model: string; table: TableSchema; part: TableColumns },
): Promise<number> {
  const columns = Object.fromEntries(
    input.table.columns.map((column, index) => {
      const values = [...(input.part.columns[index] ?? [])].map((value) =>
        typeof value === 'number' && Number.isNaN(value) ? null : value,
      );
      return [column.input, { kind: column.kind, values }];
    }),
  );
  const spec = join(folder, 'python.json');
  await writeFile(spec, JSON.stringify({ model: input.model, columns, copies, rounds, threads }));
  const { stdout } = await run(python(), ['-c', program, spec], { maxBuffer: 2 ** 26 });
  return (JSON.parse(stdout) as { rows_per_second: number }).rows_per_second;
}
