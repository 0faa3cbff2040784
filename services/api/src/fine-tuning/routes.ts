import { createFineTuningJob } from './create-fine-tuning-job.ts';
import { fineTuningActions, getFineTuningJob } from './fine-tuning-job-routes.ts';
import { listCheckpoints } from './list-checkpoints.ts';
import { listFineTuningEvents } from './list-fine-tuning-events.ts';
import { listFineTuningJobs } from './list-fine-tuning-jobs.ts';

/** OpenAI's fine-tuning API over the same jobs as `/v1/jobs`. */
export const fineTuningRoutes = [
  ...[createFineTuningJob, listFineTuningJobs, getFineTuningJob],
  ...[...fineTuningActions, listFineTuningEvents, listCheckpoints],
];
