import { readFile } from 'node:fs/promises';
import { limits, type TableSchema } from '@agon/contracts';
import { readPart, readPartTarget, type TableColumns } from '@agon/dataset';
import {
  allMetrics,
  baselinePrediction,
  type ClassPrediction,
  type Outcome,
  outcomeOf,
  summariseTarget,
} from '@agon/domain';
import { inspectOnnx, type OnnxChild, OnnxRejection, openOnnxChild, predictTable } from '@agon/onnx';
import type { PartBlob, SubmissionRecord } from '@agon/store';
import {
  type HiddenOutcomes,
  type PreparedJob,
  type ScoredSubmission,
  SubmissionRejected,
  type TaskContext,
  type TaskModule,
} from './task-module.ts';

type Prediction = ClassPrediction | Float64Array;

/** Tables: the baseline is the commonest class or the mean; a submission is one ONNX file. */
export const tabularTask = (settings: { threads: number }): TaskModule => ({
  baseline: async (context, job) => {
    const table = tableOf(job);
    const { metric } = job.objective;
    const trained = await readPartTarget(context.artifacts.read(job.parts.train.sha256), table);
    const target = summariseTarget(trained, classCount(table));
    const answer = async (part: PartBlob): Promise<{ outcome: Outcome; summary: string }> => {
      const truth = await readPartTarget(context.artifacts.read(part.sha256), table);
      const { prediction, summary } = baselinePrediction({ metric, target, rows: truth.length });
      return { outcome: outcomeOf({ metric, truth, prediction, classes: classCount(table) }), summary };
    };
    const [selection, report] = await Promise.all([answer(job.parts.selection), answer(job.parts.report)]);
    return { selection: selection.outcome, report: report.outcome, summary: selection.summary };
  },
  score: async (context, job, submission) => {
    const modelPath = await checkedModel(context, submission);
    return withRejections(() => scoreModel(context, job, { modelPath, threads: settings.threads }));
  },
});

/** The one ONNX file of the submission, checked without being run. */
async function checkedModel(context: TaskContext, submission: SubmissionRecord): Promise<string> {
  const [file, ...others] = submission.files;
  if (!file?.path.endsWith('.onnx') || others.length > 0) {
    const names = submission.files.map(({ path }) => path).join(', ');
    throw new SubmissionRejected('file_missing', `A submission of this task is one .onnx file; this one has ${names}.`);
  }
  const path = await context.artifacts.localPath(file.sha256);
  const inspection = inspectOnnx(await readFile(path), { bytesMax: limits.submissionBytesMax });
  if (!inspection.ok) throw new SubmissionRejected(inspection.rejection.code, inspection.rejection.message);
  return path;
}

async function scoreModel(
  context: TaskContext,
  job: PreparedJob,
  model: { modelPath: string; threads: number },
): Promise<ScoredSubmission> {
  const table = tableOf(job);
  const [selection, report] = await Promise.all(
    [job.parts.selection, job.parts.report].map((part) => readPart(context.artifacts.read(part.sha256), table)),
  );
  if (!selection || !report) throw new Error('A hidden part is missing.');
  const memoryMib = limits.scoringChildMemoryMib;
  const child = await openOnnxChild({
    modelPath: model.modelPath,
    limits: { memoryMib, threads: model.threads, timeMs: limits.scoringMsMax },
  });
  try {
    return await scoreParts(child, job, { selection, report });
  } finally {
    await child.close();
  }
}

async function scoreParts(
  child: OnnxChild,
  job: PreparedJob,
  parts: { selection: TableColumns; report: TableColumns },
): Promise<ScoredSubmission> {
  const table = tableOf(job);
  const { metric } = job.objective;
  const classes = classCount(table);
  const predict = async ({ columns, rows }: TableColumns): Promise<Prediction> =>
    predictTable({ child, table, task: job.task, columns, rows });
  const onSelection = await predict(parts.selection);
  const onReport = await predict(parts.report);
  const outcomes: HiddenOutcomes = {
    selection: outcomeOf({ metric, truth: parts.selection.target, prediction: onSelection, classes }),
    report: outcomeOf({ metric, truth: parts.report.target, prediction: onReport, classes }),
  };
  const metrics = allMetrics(job.task, { truth: parts.selection.target, prediction: onSelection, classes });
  return { ...outcomes, metrics, versions: { onnxruntime: child.runtime } };
}

async function withRejections<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof OnnxRejection) throw new SubmissionRejected(error.code, error.message);
    throw error;
  }
}

function tableOf(job: PreparedJob): TableSchema {
  if (!job.table) throw new Error(`The job ${job.id} has no table.`);
  return job.table;
}

const classCount = (table: TableSchema): number | null => table.classes?.length ?? null;
