import { CreateFineTuningJob, FineTuningJob, type FineTuningMethod } from '@agon/contracts';
import type { JobRecord } from '@agon/store';
import type { RouteDeps } from '../deps.ts';
import { findFile } from '../files/find-file.ts';
import { route } from '../http/route.ts';
import { createJobErrors, submitJob } from '../jobs/submit-job.ts';
import { jobOfRequest, methodOf } from './job-of-request.ts';
import { readFineTuningJob } from './read-fine-tuning-job.ts';

export const createFineTuningJob = route({
  method: 'post',
  path: '/v1/fine_tuning/jobs',
  tag: 'Fine-tuning',
  operationId: 'createFineTuningJob',
  summary: 'Create a job in the words of OpenAI’s API',
  description:
    '`supervised` is a job for chat, `dpo` one for preference. `model` is a base model of the service. Minutes, seats and other wishes of our own travel in `metadata` (`agon_minutes`, `agon_seats`, …).',
  auth: 'key',
  scopes: ['jobs:write'],
  request: { body: CreateFineTuningJob },
  response: FineTuningJob,
  status: 200,
  errors: [...createJobErrors, 'unsupported_parameter'],
  async handle({ deps, caller, body, request, response, gone }) {
    const spec = jobOfRequest(body);
    const validationFile = body.validation_file ?? null;
    if (validationFile !== null) {
      await findFile(deps.stores, { fileId: validationFile, accountId: caller.accountId }, 'validation_file');
    }
    const fineTuning = { method: methodOf(body), validationFile };
    const { job, replayed } = await submitJob(deps, {
      ...{ caller, spec, fineTuning, signal: gone },
      idempotencyKey: request.get('idempotency-key'),
    });
    if (replayed) response.set('idempotent-replayed', 'true');
    else await noteWhatIsLeftOut(deps, job, fineTuning);
    return readFineTuningJob(deps, job);
  },
});

/** What was taken and does nothing is said in the log, so that nobody waits for its effect. */
async function noteWhatIsLeftOut(
  deps: RouteDeps,
  job: JobRecord,
  given: { method: FineTuningMethod; validationFile: string | null },
): Promise<void> {
  if (given.validationFile !== null) {
    await deps.stores.events.append(job.id, {
      type: 'job.note',
      key: 'note.validation_file',
      level: 'warn',
      message:
        'The validation file is not used: rows of the training file that no miner sees choose the winner and report its score.',
    });
  }
  if (!setsHyperparameters(given.method)) return;
  await deps.stores.events.append(job.id, {
    type: 'job.note',
    key: 'note.hyperparameters',
    level: 'warn',
    message: 'Hyperparameters are left to the miners, who compete in choosing them.',
  });
}

function setsHyperparameters(method: FineTuningMethod): boolean {
  const given = method.type === 'supervised' ? method.supervised : method.type === 'dpo' ? method.dpo : undefined;
  return Object.values(given?.hyperparameters ?? {}).some((value) => value !== 'auto' && value !== undefined);
}
