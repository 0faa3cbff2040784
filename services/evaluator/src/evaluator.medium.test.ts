import { writeFile } from 'node:fs/promises';
import { decodeOutcome } from '@agon/domain';
import { hungryRegressor, linearClassifier, linearRegressor, modelOf, slowRegressor } from '@agon/onnx/testing';
import type { EvaluationRecord, JobRecord, RunRecord } from '@agon/store';
import { afterEach, describe, expect, test } from 'vitest';
import { buildEvaluator } from './build-evaluator.ts';
import { csvOf, insertJob, insertUploadedRun, openRace, type Race } from './testing/race.ts';

let race: Race;
afterEach(() => race.close());

const good = linearClassifier({ weights: [-2, 2], biases: [0, 0], labels: ['no', 'yes'] });
const line = linearRegressor({ slope: 3, offset: 1 });
const model = (content: Uint8Array, path = 'model.onnx') => ({ path, content });

async function openJob(input: Parameters<typeof insertJob>[1] = {}): Promise<JobRecord> {
  await insertJob(race, input);
  await buildEvaluator(race)['job.baseline']({ jobId: race.jobId });
  return (await race.stores.jobs.find(race.jobId)) as JobRecord;
}

async function scored(
  files: Parameters<typeof insertUploadedRun>[1],
): Promise<{ run: RunRecord; evaluation: EvaluationRecord }> {
  await insertUploadedRun(race, files);
  expect(await buildEvaluator(race)['run.score']({ runId: race.runId })).toBe('done');
  return {
    run: (await race.stores.runs.find(race.runId)) as RunRecord,
    evaluation: (await race.stores.evaluations.find(race.runId)) as EvaluationRecord,
  };
}

const eventTypes = async (): Promise<string[]> =>
  (await race.stores.events.list({ jobId: race.jobId, afterSequence: 0, limit: 100 })).map((event) => event.type);

async function outcomeAt(sha256: string) {
  const chunks: Uint8Array[] = [];
  for await (const chunk of race.artifacts.read(sha256)) chunks.push(chunk);
  return decodeOutcome(Buffer.concat(chunks));
}

describe('the baseline', () => {
  test('is measured on both hidden parts, then the job opens with its seats', async () => {
    race = await openRace();
    const job = await openJob();
    expect(job.status).toBe('open');
    expect(job.openedAt).toEqual(race.clock.date());
    expect(job.waitUntil?.getTime()).toBe(race.clock.nowMs() + 60 * 60_000);
    expect(job.baseline?.selection.score.value).toBeCloseTo(Math.LN2, 2);
    expect(job.baseline?.report.score.rows).toBe(60);
    const outcome = await outcomeAt(job.baseline?.selection.outcome.sha256 ?? '');
    expect(outcome).toMatchObject({ metric: 'log_loss', rows: 60, width: 2 });
    expect(await race.stores.seats.listByJob(race.jobId)).toHaveLength(2);
    expect(race.queue.ofQueue('job.judge')).toMatchObject([{ payload: { jobId: race.jobId }, delayMs: 60 * 60_000 }]);
    expect(race.queue.signals).toContainEqual({ kind: 'seats', jobId: race.jobId });
    expect(await eventTypes()).toEqual(['job.created', 'job.measuring', 'job.baseline', 'job.opened']);
  });

  test('of a regression is the mean', async () => {
    race = await openRace();
    const job = await openJob({ task: 'tabular-regression' });
    expect(job.baseline?.summary).toBe('always the mean');
    expect(job.baseline?.selection.score.value).toBeGreaterThan(8);
  });

  test('of a job that was not split yet asks for the split', async () => {
    race = await openRace();
    await insertJob(race, { set: { parts: null } });
    expect(await buildEvaluator(race)['job.baseline']({ jobId: race.jobId })).toBe('skipped');
    expect(race.queue.ofQueue('job.prepare')).toMatchObject([{ payload: { jobId: race.jobId } }]);
  });

  test('that cannot be measured fails the job after its attempts, not before', async () => {
    race = await openRace();
    const missing = { sha256: 'f'.repeat(64), bytes: 1, rows: 1 };
    await insertJob(race, { set: { parts: { train: missing, selection: missing, report: missing } } });
    const handlers = buildEvaluator(race);
    for (let attempt = 1; attempt < 5; attempt += 1) {
      await expect(handlers['job.baseline']({ jobId: race.jobId })).rejects.toThrow();
      expect((await race.stores.jobs.find(race.jobId))?.status).toBe('preparing');
    }
    expect(await handlers['job.baseline']({ jobId: race.jobId })).toBe('done');
    expect(await race.stores.jobs.find(race.jobId)).toMatchObject({
      status: 'failed',
      failure: { code: 'preparation_failed' },
    });
  });
});

describe('a good submission', () => {
  test('is scored on both hidden parts in the metrics of its task', async () => {
    race = await openRace();
    const job = await openJob();
    const { run, evaluation } = await scored([model(good)]);
    expect(run.status).toBe('scored');
    expect(evaluation).toMatchObject({ verdict: 'accepted', rejection: null, jobId: race.jobId });
    expect(evaluation.selection?.score.value).toBeLessThan(job.baseline?.selection.score.value ?? 0);
    expect(evaluation.selection?.score.ci95[0]).toBeLessThan(evaluation.selection?.score.value ?? 0);
    expect(evaluation.metrics).toMatchObject({ accuracy: 1, f1_macro: 1, roc_auc: 1 });
    expect(evaluation.metrics.log_loss).toBe(evaluation.selection?.score.value);
    expect(evaluation.versions).toMatchObject({ agon: 'test', onnxruntime: expect.stringMatching(/^\d+\.\d+/) });
    expect((await outcomeAt(evaluation.report?.outcome.sha256 ?? '')).rows).toBe(60);
    expect(await race.stores.seats.find(run.seatId)).toMatchObject({ status: 'closed', runId: race.runId });
    expect(race.queue.ofQueue('job.judge').at(-1)).toMatchObject({ payload: { jobId: race.jobId }, delayMs: 0 });
    expect(await eventTypes()).toContain('run.scored');
  });

  test('of a regression is scored by its error', async () => {
    race = await openRace();
    await openJob({ task: 'tabular-regression' });
    const { evaluation } = await scored([model(line)]);
    expect(evaluation.selection?.score.value).toBeLessThan(1e-4);
    expect(evaluation.metrics.r2).toBeCloseTo(1, 5);
  });

  test('that meets the goal ends the race early', async () => {
    race = await openRace();
    await openJob({ set: { objective: { metric: 'accuracy', direction: 'maximize', goal: 0.9 } } });
    await scored([model(good)]);
    expect((await race.stores.jobs.find(race.jobId))?.goalReached).toBe(true);
    expect(await eventTypes()).toContain('job.goal_reached');
  });

  test('that misses the goal does not', async () => {
    race = await openRace();
    await openJob({ set: { objective: { metric: 'log_loss', direction: 'minimize', goal: 0 } } });
    await scored([model(good)]);
    expect((await race.stores.jobs.find(race.jobId))?.goalReached).toBe(false);
  });
});

describe('a bad submission is rejected with a reason, and its seat is offered again', () => {
  const nan = modelOf({
    nodes: [{ type: 'Sqrt', inputs: ['x'], outputs: ['prediction'] }],
    inputs: [{ name: 'x', type: 'float32', shape: ['N', 1] }],
    outputs: [{ name: 'prediction', type: 'float32', shape: ['N', 1] }],
  });
  const loop = modelOf({
    nodes: [{ type: 'Loop', inputs: ['x'], outputs: ['prediction'] }],
    inputs: [{ name: 'x', type: 'float32', shape: ['N', 1] }],
    outputs: [{ name: 'prediction', type: 'float32', shape: ['N', 1] }],
  });

  test.each([
    ['no ONNX file', 'file_missing', [model(line, 'model.bin')]],
    ['two files', 'file_missing', [model(line), model(good, 'other.onnx')]],
    ['a file of another size than committed', 'hash_mismatch', [{ ...model(line), bytes: line.length - 1 }]],
    ['a file above the limit', 'model_too_large', [model(new Uint8Array(1_000_001))]],
    ['garbage', 'model_unreadable', [model(new TextEncoder().encode('garbage'))]],
    ['a loop', 'operator_not_allowed', [model(loop)]],
    ['an unknown input', 'inputs_wrong', [model(linearRegressor({ input: 'z', slope: 1, offset: 0 }))]],
    ['the outputs of another task', 'outputs_wrong', [model(good)]],
    ['NaN', 'output_not_finite', [model(nan)]],
  ])('%s: %s', async (_name, code, files) => {
    race = await openRace();
    await openJob({ task: 'tabular-regression' });
    const { run, evaluation } = await scored(files);
    expect(run).toMatchObject({ status: 'rejected', failure: { code, class: null } });
    expect(evaluation).toMatchObject({ verdict: 'rejected', rejection: { code }, selection: null, report: null });
    expect(evaluation.rejection?.message.length).toBeGreaterThan(20);
    expect(await race.stores.seats.find(run.seatId)).toMatchObject({ status: 'open', minerId: null, fence: 1 });
    expect(race.queue.ofQueue('job.judge').at(-1)).toMatchObject({ delayMs: 0 });
  });

  test('a model that is too slow is killed', async () => {
    race = await openRace({ scoringMsMax: 2_000 });
    await openJob({ task: 'tabular-regression' });
    const { run } = await scored([model(slowRegressor({ size: 1_500, steps: 400 }))]);
    expect(run.failure?.code).toBe('inference_too_slow');
  });

  test('a model that eats memory is killed', async () => {
    race = await openRace({ childMemoryMib: 300 });
    await openJob({ task: 'tabular-regression' });
    const { run } = await scored([model(hungryRegressor({ mib: 900 }))]);
    expect(run.failure?.code).toBe('inference_out_of_memory');
  });

  test('after the last attempt of a seat, or the deadline, the seat closes', async () => {
    race = await openRace();
    await openJob();
    await insertUploadedRun(race, [model(line)]);
    race.clock.advance(10 * 60_000);
    await buildEvaluator(race)['run.score']({ runId: race.runId });
    expect(await race.stores.seats.find(`${race.jobId}.0`)).toMatchObject({ status: 'closed' });
  });
});

describe('a fault of the service', () => {
  test('is thrown, and the submission waits to be scored', async () => {
    race = await openRace();
    await openJob();
    await insertUploadedRun(race, [model(good)]);
    const selection = (await race.stores.jobs.find(race.jobId))?.parts?.selection.sha256 ?? '';
    const path = await race.artifacts.localPath(selection);
    await race.artifacts.delete(selection);
    const handlers = buildEvaluator(race);
    await expect(handlers['run.score']({ runId: race.runId })).rejects.toThrow();
    expect((await race.stores.runs.find(race.runId))?.status).toBe('scoring');
    expect(await race.stores.evaluations.find(race.runId)).toBeUndefined();
    await restore(path);
    expect(await handlers['run.score']({ runId: race.runId })).toBe('done');
    expect((await race.stores.runs.find(race.runId))?.status).toBe('scored');
  });

  test('that lasts too long ends the run as cancelled, so that its job can go on', async () => {
    race = await openRace();
    await openJob();
    await insertUploadedRun(race, [model(good)]);
    await race.artifacts.delete((await race.stores.jobs.find(race.jobId))?.parts?.report.sha256 ?? '');
    const handlers = buildEvaluator(race);
    await expect(handlers['run.score']({ runId: race.runId })).rejects.toThrow();
    race.clock.advance(race.limits.patienceMs - 1);
    await expect(handlers['run.score']({ runId: race.runId })).rejects.toThrow();
    race.clock.advance(1);
    expect(await handlers['run.score']({ runId: race.runId })).toBe('done');
    expect(await race.stores.runs.find(race.runId)).toMatchObject({
      status: 'cancelled',
      failure: { code: 'scoring_failed' },
    });
    expect(race.queue.ofQueue('job.judge').at(-1)).toMatchObject({ delayMs: 0 });
  });

  /** Puts the selection part back where it was deleted from. */
  async function restore(path: string): Promise<void> {
    await writeFile(path, csvOf('tabular-classification', 60, 1));
  }
});
