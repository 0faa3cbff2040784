import type { QueueHandlers } from '@agon/contracts';
import { measureBaseline } from './baseline/measure-baseline.ts';
import type { EvaluatorDeps } from './evaluator-deps.ts';
import { Patience } from './score/patience.ts';
import { scoreRun } from './score/score-run.ts';

export type EvaluatorHandlers = QueueHandlers<'job.baseline' | 'run.score'>;

/** The handlers of everything that is measured. */
export function buildEvaluator(deps: EvaluatorDeps): EvaluatorHandlers {
  const patience = new Patience({ clock: deps.clock, patienceMs: deps.limits.patienceMs });
  return {
    'job.baseline': (payload) => measureBaseline(deps, payload),
    'run.score': (payload) => scoreRun(deps, patience, payload),
  };
}
