/**
 * The agent on foreign ground: leases a seat, trains, uploads, reports. Knows only the API: may import contracts,
 * client and kit, never a store, a queue or the scoring code. The command line runs it in its own process.
 */

export type { Check } from './doctor/check.ts';
export { type DoctorOptions, runDoctor } from './doctor/run-doctor.ts';
export { FolderInUseError } from './lock-folder.ts';
export { type Miner, startMiner } from './miner.ts';
export type { MinerChange, MinerOptions, RunOutcome } from './options.ts';
export { detectCapabilities } from './resources/detect-capabilities.ts';
export { type Offer, offered } from './resources/offer.ts';
export { defaultTrainerImage, makeRunner, type RunnerSettings } from './runner/make-runner.ts';
export { type Runner, RunnerError } from './runner/runner.ts';
export { readSubmission, SubmissionError } from './submission/read-submission.ts';
export { type FolderSubmission, type SubmissionStep, submitFolder } from './submit-folder.ts';
export { checkTrust, loadTemplate, type Template, TemplateError } from './template/load-templates.ts';
export { buildTrainerImage, defaultBaseImage, type TrainerImageInput } from './trainer-image/build-trainer-image.ts';
export { runTrial, type TrialEnd, type TrialInput } from './trial/run-trial.ts';
