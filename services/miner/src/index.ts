/**
 * The agent on foreign ground: leases a seat, trains, uploads, reports. Knows only the API: may import contracts,
 * client and kit, never a store, a queue or the scoring code. The command line runs it in its own process.
 */

export { detectCapabilities } from './detect-capabilities.ts';
export { FolderInUseError } from './lock-folder.ts';
export { type Miner, startMiner } from './miner.ts';
export type { MinerChange, MinerOptions, RunOutcome } from './options.ts';
export { SubmissionError } from './submission/read-submission.ts';
export { type FolderSubmission, type SubmissionStep, submitFolder } from './submit-folder.ts';
export { TemplateError } from './template/load-templates.ts';
