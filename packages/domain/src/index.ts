/**
 * Decisions without I/O: metrics and their doubt, the winner rule, the baseline, the rules of a race, and what a dataset
 * is and how it is split. May import contracts and hash with `node:crypto`; time, chance and ids are arguments. The API,
 * the scheduler, the evaluator, packages/dataset and the command line call it.
 */

export * from './check-receipt.ts';
export * from './choose-objective.ts';
export * from './data/cell.ts';
export * from './data/check-target.ts';
export * from './data/column-kind.ts';
export * from './data/column-tally.ts';
export * from './data/decide-table.ts';
export * from './data/find-columns.ts';
export * from './data/header.ts';
export * from './data/infer-task.ts';
export * from './data/plan-split.ts';
export * from './data/problem.ts';
export * from './data/row-key.ts';
export * from './data/row-normaliser.ts';
export * from './data/split-planner.ts';
export * from './data/table-tally.ts';
export * from './data/target-tally.ts';
export * from './race/job-needs.ts';
export * from './race/match-seats.ts';
export * from './race/needs.ts';
export * from './race/race-is-over.ts';
export * from './race/race-times.ts';
export * from './race/race-types.ts';
export * from './race/seat-after-failure.ts';
export * from './race/text-needs.ts';
export * from './score/all-metrics.ts';
export * from './score/baseline.ts';
export * from './score/bootstrap.ts';
export * from './score/goal-reached.ts';
export * from './score/judge.ts';
export * from './score/language-outcome.ts';
export * from './score/outcome.ts';
export * from './score/outcome-codec.ts';
export * from './score/prediction-of-logits.ts';
export * from './score/scorer.ts';
