import { cancelJob } from './cancel-job.ts';
import { createJob } from './create-job.ts';
import { deleteJob } from './delete-job.ts';
import { getLeaderboard } from './leaderboard.ts';
import { listEvents } from './list-events.ts';
import { pauseJob, resumeJob } from './pause-job.ts';
import { getReceipt, listJobRuns } from './read-job-details.ts';
import { getJob, listJobs } from './read-jobs.ts';
import { validateJob } from './validate-job.ts';

export const jobRoutes = [
  ...[createJob, listJobs, validateJob, getJob, deleteJob, cancelJob, pauseJob, resumeJob],
  ...[listEvents, getLeaderboard, listJobRuns, getReceipt],
];
