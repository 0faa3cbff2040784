import type { Objective, TableSchema, TaskName } from '@agon/contracts';
import { readPart, readPartTarget, type TableColumns } from '@agon/dataset';
import { allMetrics, baselinePrediction, type ClassPrediction, outcomeOf, summariseTarget } from '@agon/domain';
import {
  checkTableContract,
  inspectOnnx,
  type OnnxChild,
  OnnxRejection,
  openOnnxChild,
  predictTable,
} from '@agon/onnx';
import type { SubmissionRecord } from '@agon/store';
import type { EvaluatorDeps } from '../evaluator-deps.ts';
import { submittedModel } from './submitted-model.ts';
import type { PreparedJob, ScoredSubmission, TaskModule } from './task-module.ts';

/** Tables: one ONNX model, a column per input (docs/trainer-contract.md). */
export const tabular: TaskModule = {
  async baseline(deps, job) {
    const table = tableOf(job);
    const classes = classesOf(table);
    const train = await readPartTarget(deps.artifacts.read(job.parts.train.sha256), table);
    const target = summariseTarget(train, classes);
    const { metric } = job.objective;
    const answer = async (part: 'selection' | 'report') => {
      const truth = await readPartTarget(deps.artifacts.read(job.parts[part].sha256), table);
      const { prediction, summary } = baselinePrediction({ metric, target, rows: truth.length });
      return { outcome: outcomeOf({ metric, truth, prediction, classes }), summary };
    };
    const selection = await answer('selection');
    const report = await answer('report');
    return { selection: selection.outcome, report: report.outcome, summary: selection.summary };
  },

  score(deps, { job, submission }) {
    const table = tableOf(job);
    const hiddenPart = (part: 'selection' | 'report') => readPart(deps.artifacts.read(job.parts[part].sha256), table);
    return scoreTables(deps, {
      submission,
      table,
      task: job.task,
      metricsOf: job.task,
      objective: job.objective,
      parts: async () => ({ selection: await hiddenPart('selection'), report: await hiddenPart('report') }),
    });
  },
};

export type TableScoring = {
  readonly submission: SubmissionRecord;
  readonly table: TableSchema;
  /** What the model has to be: a classifier or a regressor of tables. */
  readonly task: TaskName;
  /** The task whose metrics are wanted. */
  readonly metricsOf: TaskName;
  readonly objective: Objective;
  readonly parts: () => Promise<{ readonly selection: TableColumns; readonly report: TableColumns }>;
};

/**
 * Checks a submission of one ONNX model and scores it.
 *
 * @throws OnnxRejection where the submission is at fault; Error where the service is.
 */
export async function scoreTables(deps: EvaluatorDeps, scoring: TableScoring): Promise<ScoredSubmission> {
  const { table, objective } = scoring;
  const modelPath = await checkedModel(deps, scoring);
  const { scoringMsMax: timeMs, childMemoryMib: memoryMib, threads } = deps.limits;
  const startedMs = deps.clock.nowMs();
  const parts = await scoring.parts();
  const child = await openOnnxChild({ modelPath, limits: { memoryMib, threads, timeMs } });
  try {
    const predict = (part: TableColumns) =>
      predicted(child, scoring, { part, timeMs: timeMs - (deps.clock.nowMs() - startedMs) });
    const selection = await predict(parts.selection);
    const report = await predict(parts.report);
    const classes = classesOf(table);
    const { metric } = objective;
    const truth = parts.selection.target;
    return {
      selection: outcomeOf({ metric, truth, prediction: selection, classes }),
      report: outcomeOf({ metric, truth: parts.report.target, prediction: report, classes }),
      metrics: allMetrics(scoring.metricsOf, { truth, prediction: selection, classes }),
      versions: { onnxruntime: child.runtime },
    };
  } finally {
    await child.close();
  }
}

function tableOf(job: PreparedJob): TableSchema {
  if (!job.table) throw new Error(`The job ${job.id} has no table.`);
  return job.table;
}

const classesOf = (table: TableSchema): number | null => table.classes?.length ?? null;

/** Answers the path of a model that may be run. @throws OnnxRejection */
async function checkedModel(deps: EvaluatorDeps, { submission, table, task }: TableScoring): Promise<string> {
  const { bytes, localPath } = await submittedModel(deps, submission);
  const inspection = inspectOnnx(bytes, { bytesMax: deps.limits.submissionBytesMax });
  if (!inspection.ok) throw new OnnxRejection(inspection.rejection.code, inspection.rejection.message);
  checkTableContract(inspection, table, task);
  return localPath;
}

function predicted(
  child: OnnxChild,
  { table, task }: TableScoring,
  { part, timeMs }: { part: TableColumns; timeMs: number },
): Promise<ClassPrediction | Float64Array> {
  const { columns, rows } = part;
  return predictTable({ child, table, task, columns, rows, timeMs });
}
