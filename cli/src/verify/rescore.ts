import { readFile } from 'node:fs/promises';
import type { BlobRef, ReceiptBody, TableSchema } from '@agon/contracts';
import { inspectDataset, isTextTask, prepareDataset, readPart, readTextPart, type TableColumns } from '@agon/dataset';
import { outcomeOf, scoreOutcome } from '@agon/domain';
import { inside } from '@agon/kit';
import { inspectOnnx, openOnnxChild, predictTable } from '@agon/onnx';
import { CommandError } from '../context.ts';
import { fileSource, wishOf } from './check-dataset.ts';
import type { Check } from './verify-receipt.ts';

const tolerance = 1e-4;
const limits = { memoryMib: 4_096, threads: 2, timeMs: 300_000 };

/** Splits the dataset as the receipt says, runs the model on the report rows, and compares the score. */
export async function rescore(body: ReceiptBody, at: { dataset: string; model: string }): Promise<Check> {
  const { table, winner } = body;
  const modelFile = modelFileOf(body);
  if (!table || !modelFile) return { name: 'score', ok: null, message: 'this model cannot be scored again here' };
  const part = await readReport(await reportPart(body, at.dataset), body, table);
  const modelPath = inside(at.model, modelFile);
  const inspected = inspectOnnx(await readFile(modelPath));
  if (!inspected.ok) return { name: 'score', ok: false, message: inspected.rejection.message };
  const child = await openOnnxChild({ modelPath, limits });
  try {
    const { columns, rows, target: truth } = part;
    const prediction = await predictTable({ child, table, task: body.job.task, columns, rows });
    const { metric } = body.job.objective;
    const value = scoreOutcome(outcomeOf({ metric, truth, prediction, classes: table.classes?.length ?? null }));
    const ok = Math.abs(value - winner.report.value) <= tolerance * Math.max(1, Math.abs(value));
    const message = `${metric} ${value.toPrecision(6)} here, ${winner.report.value.toPrecision(6)} in the receipt`;
    return { name: 'score', ok, message };
  } finally {
    await child.close();
  }
}

function modelFileOf(body: ReceiptBody): string | undefined {
  const files = body.entries.find((entry) => entry.run === body.winner.run)?.files ?? [];
  return files.find((file) => file.path.endsWith('.onnx'))?.path;
}

/** The report rows column by column, of a table or of texts with classes. */
async function readReport(
  part: AsyncIterable<Uint8Array>,
  body: ReceiptBody,
  table: TableSchema,
): Promise<TableColumns> {
  if (!isTextTask(body.job.task)) return readPart(part, table);
  const rows = await readTextPart(part, 'text-classification');
  const target = Int32Array.from(rows, ({ label }) => table.classes?.indexOf(label) ?? 0);
  return { rows: rows.length, columns: [rows.map(({ text }) => text)], target };
}

/** The report part as it was written; the other parts are drained. */
async function reportPart(body: ReceiptBody, path: string): Promise<AsyncIterable<Uint8Array>> {
  const source = await fileSource(path);
  const inspection = await inspectDataset(source, wishOf(body));
  if (!inspection.ok) throw new CommandError(inspection.error.message);
  const kept: Uint8Array[] = [];
  const write = async (name: string, csv: AsyncIterable<Uint8Array>): Promise<BlobRef> => {
    let bytes = 0;
    for await (const chunk of csv) {
      bytes += chunk.length;
      if (name === 'report') kept.push(chunk);
    }
    return { sha256: '0'.repeat(64), bytes };
  };
  await prepareDataset(source, inspection, { splitSecret: body.split.secret, write });
  return (async function* () {
    yield* kept;
  })();
}
