import { readFile } from 'node:fs/promises';
import type { ReceiptBody, TableSchema } from '@agon/contracts';
import { isTextTask, readPart, readTextPart, type TableColumns } from '@agon/dataset';
import { outcomeOf, scoreOutcome } from '@agon/domain';
import { inside } from '@agon/kit';
import { inspectOnnx, OnnxRejection, openOnnxChild, predictTable } from '@agon/onnx';
import { reportPart } from './report-part.ts';
import { rescoreLanguage } from './rescore-language.ts';
import type { Check } from './verify-receipt.ts';
import { winnerFiles } from './winner-files.ts';

const tolerance = 1e-4;
const limits = { memoryMib: 4_096, threads: 2, timeMs: 300_000 };

export type RescoreInput = {
  readonly dataset: string;
  readonly model: string;
  /** Folder of the base model, for models that were made from one. */
  readonly base: string | undefined;
};

/** Splits the dataset as the receipt says, runs the model on the report rows, and compares the score. */
export async function rescore(body: ReceiptBody, at: RescoreInput): Promise<Check> {
  const { format } = winnerFiles(body);
  const { table } = body;
  try {
    if (format === 'onnx' && table) return compared(body, await scoreOfGraph(body, { ...at, table }));
    if (format === null || !body.base_model) return unknown('this model cannot be scored again here');
    if (at.base === undefined) {
      const { name, revision } = body.base_model;
      return unknown(`give --base FOLDER with ${name} (revision ${revision}) to score the model again`);
    }
    return compared(body, await rescoreLanguage(body, { ...at, base: at.base, format }));
  } catch (error) {
    if (error instanceof OnnxRejection) return { name: 'score', ok: false, message: error.message };
    throw error;
  }
}

const unknown = (message: string): Check => ({ name: 'score', ok: null, message });

function compared(body: ReceiptBody, value: number): Check {
  const { report } = body.winner;
  const ok = Math.abs(value - report.value) <= tolerance * Math.max(1, Math.abs(value));
  const { metric } = body.job.objective;
  const message = `${metric} ${value.toPrecision(6)} here, ${report.value.toPrecision(6)} in the receipt`;
  return { name: 'score', ok, message };
}

/** @throws OnnxRejection where the graph is at fault. */
async function scoreOfGraph(body: ReceiptBody, at: RescoreInput & { table: TableSchema }): Promise<number> {
  const { table } = at;
  const part = await readReport(await reportPart(body, at.dataset), body, table);
  const file = winnerFiles(body).files.find(({ path }) => path.endsWith('.onnx'));
  const modelPath = inside(at.model, file?.path ?? '');
  const inspected = inspectOnnx(await readFile(modelPath));
  if (!inspected.ok) throw new OnnxRejection(inspected.rejection.code, inspected.rejection.message);
  const child = await openOnnxChild({ modelPath, limits });
  try {
    const { columns, rows, target: truth } = part;
    const prediction = await predictTable({ child, table, task: body.job.task, columns, rows });
    const { metric } = body.job.objective;
    return scoreOutcome(outcomeOf({ metric, truth, prediction, classes: table.classes?.length ?? null }));
  } finally {
    await child.close();
  }
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
