import type { BaseModels } from '@agon/base-models';
import { AppError, jobCatalog } from '@agon/contracts';
import { aBaseModel, aJob, anEvent } from '@agon/testing';
import { beforeEach, expect, test } from 'vitest';
import type { SchedulerDeps } from '../scheduler-deps.ts';
import { emptyScenario, type Scenario } from '../testing/race-scenario.ts';
import { fetchBaseModel } from './fetch-base-model.ts';
import { JobWatch } from './job-watch.ts';
import { prepareJob } from './prepare-job.ts';

const model = aBaseModel();
const baseModel = { id: model.id, name: model.name, revision: model.revision, why: null };
const job = aJob({ task: 'chat', baseModel, text: { max_tokens: 128, lora_rank_max: 64 } });

let scenario: Scenario;
beforeEach(async () => {
  scenario = emptyScenario();
});

const withEnsure = (ensure: BaseModels['ensure']): SchedulerDeps => ({ ...scenario, baseModels: { ensure } });
const watch = () => new JobWatch({ jobs: scenario.stores.jobs, clock: scenario.clock, jobId: job.id });
const messages = async (): Promise<string[]> =>
  (await scenario.stores.events.list({ jobId: job.id, afterSequence: 0, limit: 100 }))
    .filter((event) => event.type === 'job.base_model_fetching')
    .map((event) => event.message);

test('a job without a base model fetches nothing', async () => {
  await scenario.stores.jobs.insert({ ...job, baseModel: null }, anEvent());
  expect(await fetchBaseModel(scenario, { ...job, baseModel: null }, watch())).toBeNull();
});

test('a base model that is here is not fetched', async () => {
  scenario.stores.baseModelRecords.set(model.id, model);
  const never = withEnsure(async () => Promise.reject(new Error('asked')));
  expect(await fetchBaseModel(never, job, watch())).toEqual(model);
});

test('the log says how far a download is, each step once, also when it begins again', async () => {
  await scenario.stores.jobs.insert(job, anEvent());
  const total = 10 * 2 ** 20;
  const fetching = withEnsure(async (_model, { onProgress }) => {
    for (const share of [0, 0.04, 0.31, 0.39, 0.2, 1]) onProgress?.({ bytes: share * total, total });
    return model;
  });
  await fetchBaseModel(fetching, job, watch());
  await fetchBaseModel(fetching, job, watch());
  expect(await messages()).toEqual([
    'Fetching agon/tiny@1 from the hub: 10 MiB.',
    'Fetched 30 % of agon/tiny@1.',
    'Fetched 20 % of agon/tiny@1.',
    'Fetched 100 % of agon/tiny@1.',
  ]);
});

test('the download of a cancelled job is stopped', async () => {
  await scenario.stores.jobs.insert(job, anEvent());
  const fetching = withEnsure(async (_model, { onProgress, signal }) => {
    await scenario.stores.jobs.move({ jobId: job.id, from: 'preparing', to: 'cancelled', event: anEvent() });
    scenario.clock.advance(5_000);
    onProgress?.({ bytes: 1, total: 2 });
    await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    return model;
  });
  await expect(fetchBaseModel(fetching, job, watch())).rejects.toMatchObject({ name: 'JobLeftError' });
});

async function prepared(error: AppError, attempts: number) {
  const rows = Array.from({ length: 120 }, (_, row) => ({
    messages: [
      { role: 'user', content: `question ${row}` },
      { role: 'assistant', content: `answer ${row}` },
    ],
  }));
  const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  const source = await scenario.artifacts.put(
    (async function* () {
      yield Buffer.from(text);
    })(),
  );
  const spec = { ...job.spec, task: 'chat' as const, base_model: model.id, target: undefined };
  const { target: _, ...chat } = spec;
  await scenario.stores.jobs.insert({ ...job, spec: chat, source: { ...source, filename: 'chat.jsonl' } }, anEvent());
  const failing = withEnsure(async () => Promise.reject(error));
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    await prepareJob(failing, { jobId: job.id }).catch((thrown: unknown) => expect(thrown).toBe(error));
  }
  return scenario.stores.jobs.find(job.id);
}

test('a hub that is away is asked again, and then the job fails with the code of the hub', async () => {
  const away = new AppError('base_model_unavailable', 'The hub is away.');
  const { attempts } = jobCatalog['job.prepare'];
  expect((await prepared(away, attempts))?.failure).toMatchObject({
    code: 'base_model_unavailable',
    message: expect.stringContaining('The hub is away.'),
  });
});

test('a model that is gone fails the job at once', async () => {
  const gone = new AppError('base_model_not_found', 'The hub has no such model.');
  expect(await prepared(gone, 1)).toMatchObject({ status: 'failed', failure: { code: 'base_model_not_found' } });
});
