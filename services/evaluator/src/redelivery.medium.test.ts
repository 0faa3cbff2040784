import { outcomeOfClasses } from '@agon/domain';
import { OnnxRejection } from '@agon/onnx';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildEvaluator } from './build-evaluator.ts';
import type { TaskModule } from './tasks/task-module.ts';
import { Crash, crashing } from './testing/crashing.ts';
import { insertJob, insertUploadedRun, nextRace, openRace, type Race, stateOf } from './testing/race.ts';

/** A task whose answers are known: nothing is run. */
const outcomeWith = (quality: number) => {
  const truth = Int32Array.from({ length: 40 }, (_, row) => row % 2);
  const probabilities = Float32Array.from({ length: 80 }, (_, at) =>
    at % 2 === truth[at >> 1] ? quality : 1 - quality,
  );
  return outcomeOfClasses('log_loss', truth, { probabilities, labels: truth }, 2);
};
const task = (score: TaskModule['score']): TaskModule => ({
  baseline: async () => ({ selection: outcomeWith(0.5), report: outcomeWith(0.5), summary: 'a half' }),
  score,
});
const accepts = task(async () => ({
  selection: outcomeWith(0.9),
  report: outcomeWith(0.8),
  metrics: { log_loss: 0.1 },
  versions: {},
}));
const rejects = task(async () => {
  throw new OnnxRejection('inputs_wrong', 'The inputs are wrong.');
});

let shared: Race;
beforeAll(async () => {
  shared = await openRace();
});
afterAll(() => shared.close());

const withTask = (module: TaskModule): Race => {
  shared = nextRace(shared);
  return { ...shared, tasks: { ...shared.tasks, 'tabular-classification': module } };
};
const goal = { objective: { metric: 'log_loss', direction: 'minimize', goal: 0.2 } } as const;

const preparing = async (): Promise<Race> => {
  const race = withTask(accepts);
  await insertJob(race);
  return race;
};
const uploaded = (module: TaskModule) => async (): Promise<Race> => {
  const race = withTask(module);
  await insertJob(race, { set: goal });
  await measure(race);
  await insertUploadedRun(race, [{ path: 'model.onnx', content: new Uint8Array([1]) }]);
  return race;
};
const measure = (race: Race) => buildEvaluator(race)['job.baseline']({ jobId: race.jobId });
const score = (race: Race) => buildEvaluator(race)['run.score']({ runId: race.runId });

const cases = [
  { name: 'a baseline', build: preparing, deliver: measure },
  { name: 'an accepted submission that reaches the goal', build: uploaded(accepts), deliver: score },
  { name: 'a rejected submission', build: uploaded(rejects), deliver: score },
];

/** What two jobs must agree in, whatever their ids. */
const comparable = async (race: Race): Promise<unknown> => {
  const text = JSON.stringify(await stateOf(race));
  return JSON.parse(text.replaceAll(race.jobId, 'JOB').replaceAll(race.runId, 'RUN'));
};

describe.each(cases)('$name', ({ build, deliver }) => {
  test('is the same after two deliveries, one after the other', async () => {
    const race = await build();
    expect(await deliver(race)).toBe('done');
    const once = await comparable(race);
    expect(await deliver(race)).toBe('skipped');
    expect(await comparable(race)).toEqual(once);
  });

  test('is the same after three deliveries at once', async () => {
    const smooth = await build();
    await deliver(smooth);
    const race = await build();
    await Promise.all([deliver(race), deliver(race), deliver(race)]);
    expect(await comparable(race)).toEqual(await comparable(smooth));
  });

  test('is completed by a redelivery after a crash before and after every call', async () => {
    const smooth = await build();
    await deliver(smooth);
    const expected = await comparable(smooth);
    let tried = 0;
    for (let reached = true, at = 1; reached; at += 1) {
      for (const when of ['before', 'after'] as const) {
        const race = await build();
        const dying = crashing(race, { at, when });
        await deliver(dying).catch((error: unknown) => expect(error).toBeInstanceOf(Crash));
        reached = dying.calls() >= at;
        await deliver(race);
        await deliver(race);
        expect(await comparable(race), `after a crash ${when} call ${at}`).toEqual(expected);
        tried += 1;
      }
    }
    expect(tried).toBeGreaterThan(10);
  });
});

test('a run whose job ended meanwhile keeps the end that it was given', async () => {
  const race = await uploaded(accepts)();
  const cancelling: TaskModule = {
    ...accepts,
    score: async (...input) => {
      await race.stores.runs.move({
        runId: race.runId,
        from: 'scoring',
        to: 'cancelled',
        event: { type: 'run.cancelled', message: 'Cancelled.' },
      });
      return accepts.score(...input);
    },
  };
  const tasks = { ...race.tasks, 'tabular-classification': cancelling };
  expect(await score({ ...race, tasks })).toBe('skipped');
  expect((await race.stores.runs.find(race.runId))?.status).toBe('cancelled');
});

test('a seat that another miner took meanwhile is left alone', async () => {
  const race = await uploaded(rejects)();
  const seatId = `${race.jobId}.0`;
  await race.stores.seats.lapse({ seatId, fence: 1 });
  const claim = { seatId, fence: 1, minerId: 'miner_00000002', runId: 'run_99999999', now: race.clock.date() };
  await race.stores.seats.claim(claim);
  expect(await score(race)).toBe('done');
  expect(await race.stores.seats.find(seatId)).toMatchObject({ status: 'leased', fence: 2, minerId: 'miner_00000002' });
});

test('a run that is still at its miner, or unknown, is not scored', async () => {
  const race = withTask(accepts);
  await insertJob(race);
  expect(await score(race)).toBe('skipped');
  expect(await race.stores.evaluations.find(race.runId)).toBeUndefined();
});
