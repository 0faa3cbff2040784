import type { ReceiptBody, TableSchema } from '@agon/contracts';
import { inside } from '@agon/kit';
import { OnnxRejection } from '@agon/onnx';
import { scoreGraph } from '../score/score-graph.ts';
import { reportPart } from './report-part.ts';
import { rescoreLanguage } from './rescore-language.ts';
import type { Check } from './verify-receipt.ts';
import { winnerFiles } from './winner-files.ts';

const tolerance = 1e-4;

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
  const file = winnerFiles(body).files.find(({ path }) => path.endsWith('.onnx'));
  const { task, objective } = body.job;
  return scoreGraph({
    task,
    metric: objective.metric,
    table: at.table,
    part: await reportPart(body, at.dataset),
    modelPath: inside(at.model, file?.path ?? ''),
  });
}
