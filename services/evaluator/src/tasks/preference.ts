import { taskTable } from '@agon/contracts';
import { readTextPart } from '@agon/dataset';
import { outcomeOfPreferences, preferenceMargins, scoreOutcome } from '@agon/domain';
import type { EvaluatorDeps } from '../evaluator-deps.ts';
import { submissionNats } from './submission-nats.ts';
import type { PreparedJob, TaskModule } from './task-module.ts';
import { baseSummary, hiddenParts, withScorer } from './with-scorer.ts';

/** Pairs of answers: which of them the model gained more on than its base did. */
export const preference: TaskModule = {
  baseline: (deps, job) =>
    withScorer(deps, job, async (scorer) => {
      const parts = await hiddenParts(job, { scorer, read: reader(deps, job) });
      // The base gains nothing over itself; it is scored here so that a race only opens on a model that can be.
      await scorer.scoreBase([parts.selection, parts.report]);
      const outcome = (rows: number) => outcomeOfPreferences(job.objective.metric, new Float64Array(rows));
      return {
        selection: outcome(parts.selection.kept.length),
        report: outcome(parts.report.kept.length),
        summary: baseSummary(job, parts),
      };
    }),

  score: (deps, { job, submission }) =>
    withScorer(deps, job, async (scorer) => {
      const parts = await hiddenParts(job, { scorer, read: reader(deps, job) });
      const [selectionBase, reportBase] = await scorer.scoreBase([parts.selection, parts.report]);
      if (!selectionBase || !reportBase) throw new Error('The scorer left a part out.');
      const nats = await submissionNats(deps, { job, submission, scorer, parts });
      const selection = preferenceMargins(selectionBase, nats.selection);
      const { metric } = job.objective;
      const metrics = taskTable.preference.metrics.map(
        (name) => [name, scoreOutcome(outcomeOfPreferences(name, selection))] as const,
      );
      return {
        selection: outcomeOfPreferences(metric, selection),
        report: outcomeOfPreferences(metric, preferenceMargins(reportBase, nats.report)),
        metrics: Object.fromEntries(metrics),
        versions: { onnxruntime: scorer.runtime },
      };
    }),
};

const reader = (deps: EvaluatorDeps, job: PreparedJob) => async (part: 'selection' | 'report') => {
  const rows = await readTextPart(deps.artifacts.read(job.parts[part].sha256), 'preference');
  return { kind: 'preference', rows } as const;
};
