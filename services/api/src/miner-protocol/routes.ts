import { commitSubmission } from './commit.ts';
import { downloadBaseModel } from './download-base-model.ts';
import { downloadData } from './download-data.ts';
import { failRun } from './fail.ts';
import { finishRun } from './finish.ts';
import { heartbeat } from './heartbeat.ts';
import { takeLease } from './lease.ts';
import { getMinerRun, listMinerRuns } from './read-runs.ts';
import { registerMiner } from './register.ts';
import { headUpload, patchUpload, uploadOptions } from './tus.ts';

export const minerProtocolRoutes = [
  ...[
    registerMiner,
    takeLease,
    heartbeat,
    downloadData,
    downloadBaseModel,
    commitSubmission,
    headUpload,
    patchUpload,
    uploadOptions,
  ],
  ...[finishRun, failRun, listMinerRuns, getMinerRun],
];
