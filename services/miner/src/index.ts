/**
 * The agent on foreign ground: leases a seat, trains, uploads, reports. Knows only the API: may import contracts,
 * client and kit, never a store, a queue or the scoring code. The command line runs it in its own process.
 */

export { detectCapabilities } from './detect-capabilities.ts';
export { FolderInUseError } from './lock-folder.ts';
export { type Miner, startMiner } from './miner.ts';
export type { MinerChange, MinerOptions, RunOutcome } from './options.ts';
export { processRunner } from './runner/process-runner.ts';
export type { Runner } from './runner/runner.ts';
export { readSubmission, SubmissionError } from './submission/read-submission.ts';
export { type FolderSubmission, type SubmissionStep, submitFolder } from './submit-folder.ts';
export { checkTrust, loadTemplate, type Template, TemplateError } from './template/load-templates.ts';
export { runTrial, type TrialEnd, type TrialInput } from './trial/run-trial.ts';
