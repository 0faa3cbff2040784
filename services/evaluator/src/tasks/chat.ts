import { type MetricName, taskTable } from '@agon/contracts';
import { readTextPart } from '@agon/dataset';
import { type Outcome, outcomeOfTokens, scoreOutcome } from '@agon/domain';
import { completionCounts, type EncodedRows } from '@agon/language';
import type { EvaluatorDeps } from '../evaluator-deps.ts';
import { type PartNats, submissionNats } from './submission-nats.ts';
import type { Outcomes, PreparedJob, TaskModule } from './task-module.ts';
import { baseSummary, type HiddenParts, hiddenParts, withScorer } from './with-scorer.ts';

/** Conversations: nats per token of what the assistant says. */
export const chat: TaskModule = {
  baseline: (deps, job) =>
    withScorer(deps, job, async (scorer) => {
      const parts = await hiddenParts(job, { scorer, read: reader(deps, job) });
      const [selection, report] = await scorer.scoreBase([parts.selection, parts.report]);
      if (!selection || !report) throw new Error('The scorer left a part out.');
      return { ...outcomesOf(job, parts, { selection, report }), summary: baseSummary(job, parts) };
    }),

  score: (deps, { job, submission }) =>
    withScorer(deps, job, async (scorer) => {
      const parts = await hiddenParts(job, { scorer, read: reader(deps, job) });
      const nats = await submissionNats(deps, { job, submission, scorer, parts });
      const metrics = taskTable.chat.metrics.map((metric) => {
        const outcome = outcomeOf(metric, parts.selection, nats.selection);
        return [metric, scoreOutcome(outcome)] as const;
      });
      return {
        ...outcomesOf(job, parts, nats),
        metrics: Object.fromEntries(metrics),
        versions: { onnxruntime: scorer.runtime },
      };
    }),
};

const reader = (deps: EvaluatorDeps, job: PreparedJob) => async (part: 'selection' | 'report') => {
  const rows = await readTextPart(deps.artifacts.read(job.parts[part].sha256), 'chat');
  return { kind: 'chat', rows } as const;
};

const outcomeOf = (metric: MetricName, rows: EncodedRows, nats: Float64Array): Outcome =>
  outcomeOfTokens(metric, { nats, tokens: completionCounts(rows.tokens) });

const outcomesOf = (job: PreparedJob, parts: HiddenParts, nats: PartNats): Outcomes => ({
  selection: outcomeOf(job.objective.metric, parts.selection, nats.selection),
  report: outcomeOf(job.objective.metric, parts.report, nats.report),
});
