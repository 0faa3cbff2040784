import type { QueueHandlers } from '@agon/contracts';
import type { EvaluatorDeps } from './evaluator-deps.ts';
import { measureBaseline } from './measure-baseline.ts';
import { scoreRun } from './score-run.ts';

/** The handlers of everything that is scored. */
export function buildEvaluator(deps: EvaluatorDeps): QueueHandlers<'job.baseline' | 'run.score'> {
  return {
    'job.baseline': (payload) => measureBaseline(deps, payload),
    'run.score': (payload) => scoreRun(deps, payload),
  };
}
