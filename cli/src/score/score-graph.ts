import { readFile } from 'node:fs/promises';
import type { MetricName, TableSchema, TaskName } from '@agon/contracts';
import { isTextTask, readPart, readTextPart, type TableColumns } from '@agon/dataset';
import { outcomeOf, scoreOutcome } from '@agon/domain';
import { checkTableContract, inspectOnnx, OnnxRejection, openOnnxChild, predictTable } from '@agon/onnx';

const limits = { memoryMib: 4_096, threads: 2, timeMs: 300_000 };

export type GraphScoring = {
  readonly task: TaskName;
  readonly metric: MetricName;
  readonly table: TableSchema;
  /** Rows as the service writes its hidden parts. */
  readonly part: AsyncIterable<Uint8Array>;
  readonly modelPath: string;
};

/**
 * The score of an ONNX model on a hidden part, checked and measured as the evaluator does it.
 *
 * @throws OnnxRejection where the model is at fault.
 */
export async function scoreGraph(scoring: GraphScoring): Promise<number> {
  const { metric, table, modelPath } = scoring;
  const { columns, rows, target: truth } = await readRows(scoring);
  const inspected = inspectOnnx(await readFile(modelPath));
  if (!inspected.ok) throw new OnnxRejection(inspected.rejection.code, inspected.rejection.message);
  // A graph over texts is one over a table of one column.
  const task = isTextTask(scoring.task) ? 'tabular-classification' : scoring.task;
  checkTableContract(inspected, table, task);
  const child = await openOnnxChild({ modelPath, limits });
  try {
    const prediction = await predictTable({ child, table, task, columns, rows });
    return scoreOutcome(outcomeOf({ metric, truth, prediction, classes: table.classes?.length ?? null }));
  } finally {
    await child.close();
  }
}

/** The rows column by column, of a table or of texts with classes. */
async function readRows({ task, part, table }: GraphScoring): Promise<TableColumns> {
  if (!isTextTask(task)) return readPart(part, table);
  const rows = await readTextPart(part, 'text-classification');
  const target = Int32Array.from(rows, ({ label }) => table.classes?.indexOf(label) ?? 0);
  return { rows: rows.length, columns: [rows.map(({ text }) => text)], target };
}
