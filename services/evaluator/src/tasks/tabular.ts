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
import type { EvaluatorDeps } from '../evaluator-deps.ts';
import { submittedModel } from './submitted-model.ts';
import type { PreparedJob, TaskModule } from './task-module.ts';

/** Tables: one ONNX model, a column per input (docs/trainer-contract.md). */
export const tabular: TaskModule = {
  async baseline(deps, job) {
    const train = await readPartTarget(deps.artifacts.read(job.parts.train.sha256), job.table);
    const target = summariseTarget(train, classesOf(job));
    const { metric } = job.objective;
    const answer = async (part: 'selection' | 'report') => {
      const truth = await readPartTarget(deps.artifacts.read(job.parts[part].sha256), job.table);
      const { prediction, summary } = baselinePrediction({ metric, target, rows: truth.length });
      return { outcome: outcomeOf({ metric, truth, prediction, classes: classesOf(job) }), summary };
    };
    const selection = await answer('selection');
    const report = await answer('report');
    return { selection: selection.outcome, report: report.outcome, summary: selection.summary };
  },

  async score(deps, { job, submission }) {
    const modelPath = await checkedModel(deps, job, submission);
    const { scoringMsMax: timeMs, childMemoryMib: memoryMib, threads } = deps.limits;
    const startedMs = deps.clock.nowMs();
    const parts = {
      selection: await hiddenPart(deps, job, 'selection'),
      report: await hiddenPart(deps, job, 'report'),
    };
    const child = await openOnnxChild({ modelPath, limits: { memoryMib, threads, timeMs } });
    try {
      const predict = (part: TableColumns) =>
        predicted({ child, job, part, timeMs: timeMs - (deps.clock.nowMs() - startedMs) });
      const selection = await predict(parts.selection);
      const report = await predict(parts.report);
      const classes = classesOf(job);
      const { metric } = job.objective;
      const truth = parts.selection.target;
      return {
        selection: outcomeOf({ metric, truth, prediction: selection, classes }),
        report: outcomeOf({ metric, truth: parts.report.target, prediction: report, classes }),
        metrics: allMetrics(job.task, { truth, prediction: selection, classes }),
        versions: { onnxruntime: child.runtime },
      };
    } finally {
      await child.close();
    }
  },
};

const classesOf = (job: PreparedJob): number | null => job.table.classes?.length ?? null;

const hiddenPart = (deps: EvaluatorDeps, job: PreparedJob, part: 'selection' | 'report'): Promise<TableColumns> =>
  readPart(deps.artifacts.read(job.parts[part].sha256), job.table);

/** Answers the path of a model that may be run. @throws OnnxRejection */
async function checkedModel(
  deps: EvaluatorDeps,
  job: PreparedJob,
  submission: Parameters<typeof submittedModel>[1],
): Promise<string> {
  const { bytes, localPath } = await submittedModel(deps, submission);
  const inspection = inspectOnnx(bytes, { bytesMax: deps.limits.submissionBytesMax });
  if (!inspection.ok) throw new OnnxRejection(inspection.rejection.code, inspection.rejection.message);
  checkTableContract(inspection, job.table, job.task);
  return localPath;
}

function predicted(input: {
  child: OnnxChild;
  job: PreparedJob;
  part: TableColumns;
  timeMs: number;
}): Promise<ClassPrediction | Float64Array> {
  const { child, job, part, timeMs } = input;
  const { columns, rows } = part;
  return predictTable({ child, table: job.table, task: job.task, columns, rows, timeMs });
}
