/**
 * Measures baselines and scores submissions, each in a process that can be killed. May import contracts, domain, dataset,
 * kit, onnx, store and queue. Runs as a process of its own (`main.ts`); nobody imports it.
 */
export * from './build-evaluator.ts';
export type { EvaluatorDeps, ScoringLimits } from './evaluator-deps.ts';
