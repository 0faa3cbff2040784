import type { TableSchema } from '@agon/contracts';
import { readTextPart, textPartRows } from '@agon/dataset';
import { allMetrics, baselinePrediction, type ClassPrediction, outcomeOf, predictionOfLogits } from '@agon/domain';
import { OnnxRejection } from '@agon/onnx';
import type { SubmissionRecord } from '@agon/store';
import type { EvaluatorDeps } from '../evaluator-deps.ts';
import { checkpointFiles } from './submission-nats.ts';
import { submittedFiles } from './submitted-files.ts';
import { scoreTables } from './tabular.ts';
import type { PreparedJob, ScoredSubmission, TaskModule } from './task-module.ts';
import { hiddenParts, withScorer } from './with-scorer.ts';

type Texts = { readonly texts: string[]; readonly truth: Int32Array };
type Part = 'selection' | 'report';

/** Texts and their classes: an encoder made from the base model, or a graph of the trainer's own that takes the text. */
export const textClassification: TaskModule = {
  async baseline(deps, job) {
    const classes = classesOf(job);
    const counts = classes.map(() => 0);
    for await (const { label } of textPartRows(deps.artifacts.read(job.parts.train.sha256), 'text-classification')) {
      const index = indexOf(classes, label);
      counts[index] = (counts[index] ?? 0) + 1;
    }
    const { metric } = job.objective;
    const answer = async (part: Part) => {
      const { truth } = await hiddenTexts(deps, job, part);
      const { prediction, summary } = baselinePrediction({
        metric,
        target: { kind: 'classes', counts },
        rows: truth.length,
      });
      return { outcome: outcomeOf({ metric, truth, prediction, classes: classes.length }), summary };
    };
    const selection = await answer('selection');
    const report = await answer('report');
    return { selection: selection.outcome, report: report.outcome, summary: selection.summary };
  },

  async score(deps, { job, submission }) {
    const parts = {
      selection: await hiddenTexts(deps, job, 'selection'),
      report: await hiddenTexts(deps, job, 'report'),
    };
    if (submission.format === 'onnx') return scoreGraph(deps, { job, submission, parts });
    if (submission.format === 'hf-checkpoint' && job.baseModel) return scoreEncoder(deps, { job, submission, parts });
    throw new OnnxRejection(
      'format_not_accepted',
      submission.format === 'hf-checkpoint'
        ? 'The job has no base model, so only the format onnx is taken.'
        : `The task ${job.task} does not take the format ${submission.format}.`,
    );
  },
};

type Scoring = { job: PreparedJob; submission: SubmissionRecord; parts: Readonly<Record<Part, Texts>> };

/** The graph takes the text in one string input, as a table of one column. */
function scoreGraph(deps: EvaluatorDeps, { job, submission, parts }: Scoring): Promise<ScoredSubmission> {
  const table: TableSchema = {
    target: job.table?.target ?? '',
    classes: classesOf(job),
    columns: [{ name: 'text', input: 'text', kind: 'text' }],
  };
  const columns = ({ texts, truth }: Texts) => ({ columns: [texts], target: truth, rows: texts.length });
  return scoreTables(deps, {
    submission,
    table,
    task: 'tabular-classification',
    objective: job.objective,
    metricsOf: job.task,
    parts: async () => ({ selection: columns(parts.selection), report: columns(parts.report) }),
  });
}

function scoreEncoder(deps: EvaluatorDeps, { job, submission, parts }: Scoring): Promise<ScoredSubmission> {
  return withScorer(deps, job, async (scorer) => {
    const classes = classesOf(job);
    const files = await submittedFiles(deps, submission, checkpointFiles);
    const read = async (part: Part) => ({ kind: 'text', rows: parts[part].texts.map((text) => ({ text })) }) as const;
    const encoded = await hiddenParts(job, { scorer, read });
    const logits = await scorer.classify(files, [encoded.selection, encoded.report], classes);
    const [selection, report] = logits.map((values) => predictionOfLogits(values, classes.length));
    if (!selection || !report) throw new Error('The scorer left a part out.');
    const { metric } = job.objective;
    const outcome = (part: Part, prediction: ClassPrediction) =>
      outcomeOf({ metric, truth: parts[part].truth, prediction, classes: classes.length });
    return {
      selection: outcome('selection', selection),
      report: outcome('report', report),
      metrics: allMetrics(job.task, {
        truth: parts.selection.truth,
        prediction: selection,
        classes: classes.length,
      }),
      versions: { onnxruntime: scorer.runtime },
    };
  });
}

async function hiddenTexts(deps: EvaluatorDeps, job: PreparedJob, part: Part): Promise<Texts> {
  const classes = classesOf(job);
  const rows = await readTextPart(deps.artifacts.read(job.parts[part].sha256), 'text-classification');
  return {
    texts: rows.map((row) => row.text),
    truth: Int32Array.from(rows, (row) => indexOf(classes, row.label)),
  };
}

function classesOf(job: PreparedJob): readonly string[] & string[] {
  if (!job.table?.classes) throw new Error(`The job ${job.id} has no classes.`);
  return job.table.classes;
}

function indexOf(classes: readonly string[], label: string): number {
  const index = classes.indexOf(label);
  if (index < 0) throw new Error(`A part has the label ${JSON.stringify(label)}, which is no class of the job.`);
  return index;
}
