import type { SubmissionFormat } from '@agon/contracts';
import { decodeOutcome, type Outcome } from '@agon/domain';
import {
  type Files,
  llamaConfig,
  mergedCheckpoint,
  safetensorsOf,
  tinyAdapter,
  tinyBert,
  tinyClassifier,
  tinyLlama,
  tinyWeights,
} from '@agon/language/testing';
import { categoryTable } from '@agon/onnx/testing';
import type { EvaluationRecord, JobRecord, RunRecord } from '@agon/store';
import { afterEach, describe, expect, test } from 'vitest';
import { buildEvaluator } from './build-evaluator.ts';
import { chatRow, insertTextJob, uploadsOf } from './testing/language-race.ts';
import { insertUploadedRun, nextRace, openRace, type Race } from './testing/race.ts';

let race: Race;
afterEach(() => race.close());

async function openJob(input: Parameters<typeof insertTextJob>[1]): Promise<JobRecord> {
  await insertTextJob(race, input);
  await buildEvaluator(race)['job.baseline']({ jobId: race.jobId });
  return (await race.stores.jobs.find(race.jobId)) as JobRecord;
}

type Scored = { run: RunRecord; evaluation: EvaluationRecord };
async function scored(format: SubmissionFormat, files: Files): Promise<Scored> {
  await insertUploadedRun(race, uploadsOf(files), format);
  expect(await buildEvaluator(race)['run.score']({ runId: race.runId })).toBe('done');
  return {
    run: (await race.stores.runs.find(race.runId)) as RunRecord,
    evaluation: (await race.stores.evaluations.find(race.runId)) as EvaluationRecord,
  };
}

async function outcomeOf(part: { outcome: { sha256: string } } | null | undefined): Promise<Outcome> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of race.artifacts.read(part?.outcome.sha256 ?? '')) chunks.push(chunk);
  return decodeOutcome(Buffer.concat(chunks));
}

const rejection = async (format: SubmissionFormat, files: Files): Promise<string | undefined> => {
  const { run, evaluation } = await scored(format, files);
  expect(run.status).toBe('rejected');
  expect(evaluation.selection).toBeNull();
  return evaluation.rejection?.code;
};

describe('a chat', () => {
  test('opens with the loss of the untouched base, per token', async () => {
    race = await openRace();
    const job = await openJob({ task: 'chat', base: tinyLlama() });
    expect(job.status).toBe('open');
    expect(job.baseline?.summary).toBe('agon/tiny as it is');
    expect(job.baseline?.selection.score.value).toBeGreaterThan(4);
    const outcome = await outcomeOf(job.baseline?.selection);
    expect(outcome).toMatchObject({ metric: 'loss', rows: 20, width: 1 });
    // "two two " and the token that ends the turn.
    expect(outcome.truth[1]).toBe('two '.length * 2 + 1);
  });

  test('says how many hidden rows are cut and not scored, and leaves those out for everybody', async () => {
    race = await openRace();
    const rowOf = (row: number) => ({
      messages: [{ role: 'user', content: 'Count. '.repeat(row % 10 === 0 ? 20 : 1) }, chatRow(row).messages[1]],
    });
    const set = { text: { max_tokens: 80, lora_rank_max: 8 } };
    const job = await openJob({ task: 'chat', base: tinyLlama(), rowOf, set });
    expect(job.baseline?.summary).toBe('agon/tiny as it is; of 40 hidden rows 4 cut at 80 tokens, 4 not scored');
    const { evaluation } = await scored('peft-lora', tinyAdapter());
    expect(evaluation.selection?.score.rows).toBe(18);
    expect(job.baseline?.selection.score.rows).toBe(18);
  });

  test('is scored with an adapter; other files of the submission are left alone', async () => {
    race = await openRace();
    const job = await openJob({ task: 'chat', base: tinyLlama() });
    const { run, evaluation } = await scored('peft-lora', { ...tinyAdapter(), 'tokenizer.json': 'no tokenizer' });
    expect(run.status).toBe('scored');
    expect(evaluation.verdict).toBe('accepted');
    const { loss = Number.NaN, perplexity } = evaluation.metrics;
    expect(loss).toBeCloseTo(evaluation.selection?.score.value ?? 0, 6);
    expect(perplexity).toBeCloseTo(Math.exp(loss), 3);
    expect(loss).not.toBeCloseTo(job.baseline?.selection.score.value ?? 0, 3);
    expect(evaluation.versions).toMatchObject({ agon: 'test', onnxruntime: expect.stringMatching(/^1\./) });
  });

  test('is scored the same with an adapter and with the checkpoint that it comes to, wherever they lie', async () => {
    race = await openRace();
    await openJob({ task: 'chat', base: tinyLlama(3) });
    const adapter = Object.entries(tinyAdapter({ seed: 5 })).map(
      ([path, content]) => [`best/${path}`, content] as const,
    );
    const first = await scored('peft-lora', Object.fromEntries(adapter));
    const second = nextRace(race);
    race = { ...second, close: race.close };
    await openJob({ task: 'chat', base: tinyLlama(3) });
    const merged = await scored('hf-checkpoint', mergedCheckpoint(3, { seed: 5 }));
    expect(merged.evaluation.metrics.loss).toBeCloseTo(first.evaluation.metrics.loss ?? 0, 3);
  });

  test('rejects what changes nothing, does not fit or is of another format', async () => {
    race = await openRace();
    const { close } = race;
    const base = { 'config.json': JSON.stringify(llamaConfig) };
    const weights = { ...base, 'model.safetensors': safetensorsOf(tinyWeights(llamaConfig, 1)) };
    const cases: readonly [SubmissionFormat, Files, string][] = [
      ['peft-lora', tinyAdapter({ size: 0 }), 'adapter_without_effect'],
      ['peft-lora', tinyAdapter({ rank: 9 }), 'adapter_invalid'],
      ['peft-lora', weights, 'file_missing'],
      ['hf-checkpoint', weights, 'weights_unchanged'],
      ['hf-checkpoint', base, 'file_missing'],
      ['hf-checkpoint', tinyAdapter(), 'file_missing'],
      ['onnx', { 'model.onnx': 'x' }, 'format_not_accepted'],
    ];
    for (const [format, files, code] of cases) {
      race = { ...nextRace(race), close };
      await openJob({ task: 'chat', base: tinyLlama(1) });
      expect([format, await rejection(format, files)]).toEqual([format, code]);
    }
  });

  test('whose files are not those that were committed is rejected', async () => {
    race = await openRace();
    await openJob({ task: 'chat', base: tinyLlama() });
    const files = uploadsOf(tinyAdapter()).map((file) => ({ ...file, bytes: file.content.length + 1 }));
    await insertUploadedRun(race, files, 'peft-lora');
    await buildEvaluator(race)['run.score']({ runId: race.runId });
    expect((await race.stores.evaluations.find(race.runId))?.rejection?.code).toBe('hash_mismatch');
  });

  test('whose base model is gone fails as a fault of the service', async () => {
    race = await openRace();
    const job = await openJob({ task: 'chat', base: tinyLlama() });
    await race.stores.baseModels.delete(job.baseModel?.id ?? '');
    await insertUploadedRun(race, uploadsOf(tinyAdapter()), 'peft-lora');
    await expect(buildEvaluator(race)['run.score']({ runId: race.runId })).rejects.toThrow('is not there');
    expect(await race.stores.evaluations.find(race.runId)).toBeUndefined();
  });
});

describe('a preference', () => {
  test('opens with what the base gains over itself', async () => {
    race = await openRace();
    const job = await openJob({ task: 'preference', base: tinyLlama() });
    expect(job.baseline?.selection.score).toMatchObject({ value: 0.5, rows: 20 });
  });

  test('has both metrics; an adapter that does the contrary has the contrary margins', async () => {
    race = await openRace();
    const { close } = race;
    await openJob({ task: 'preference', base: tinyLlama() });
    const { evaluation } = await scored('peft-lora', tinyAdapter({ size: 0.001, targets: ['down_proj'] }));
    const { preference_accuracy: accuracy = 0, dpo_loss: dpoLoss } = evaluation.metrics;
    const { prediction } = await outcomeOf(evaluation.selection);
    const margins = [...prediction];
    expect(accuracy).toBeCloseTo(margins.filter((margin) => margin > 0).length / 20, 6);
    const softplus = margins.reduce((sum, margin) => sum + Math.log1p(Math.exp(-0.1 * margin)), 0) / 20;
    expect(dpoLoss).toBeCloseTo(softplus, 6);
    race = { ...nextRace(race), close };
    await openJob({ task: 'preference', base: tinyLlama() });
    const contrary = await scored('peft-lora', tinyAdapter({ size: -0.001, targets: ['down_proj'] }));
    expect(contrary.evaluation.metrics.preference_accuracy).toBeCloseTo(1 - accuracy, 1);
  });
});

describe('a classification of texts', () => {
  const telling = categoryTable({
    input: 'text',
    categories: ['a', 'b'],
    probabilities: [
      [0.9, 0.1],
      [0.2, 0.8],
      [0.5, 0.5],
    ],
  });

  test('opens with the shares of the classes', async () => {
    race = await openRace();
    const job = await openJob({ task: 'text-classification', base: null });
    expect(job.baseline?.selection.score.value).toBeCloseTo(Math.LN2, 5);
    expect(job.baseline?.summary).toBe('always the shares of the classes');
  });

  test('is scored with a graph that takes the text', async () => {
    race = await openRace();
    await openJob({ task: 'text-classification', base: null });
    const { evaluation } = await scored('onnx', { 'model.onnx': telling });
    expect(evaluation.rejection).toBeNull();
    expect(evaluation.metrics.accuracy).toBe(1);
    expect(evaluation.metrics.log_loss).toBeCloseTo(-(Math.log(0.9) + Math.log(0.8)) / 2, 5);
    expect(evaluation.metrics.f1_macro).toBe(1);
  });

  test('is scored with a checkpoint of the base encoder, and next to it with a graph', async () => {
    race = await openRace();
    const { close } = race;
    await openJob({ task: 'text-classification', base: tinyBert() });
    const { evaluation } = await scored('hf-checkpoint', tinyClassifier(1, ['b', 'a']));
    expect(evaluation.rejection).toBeNull();
    const outcome = await outcomeOf(evaluation.selection);
    expect(outcome).toMatchObject({ metric: 'log_loss', rows: 20, width: 2 });
    expect((outcome.prediction[0] ?? 0) + (outcome.prediction[1] ?? 0)).toBeCloseTo(1, 5);
    race = { ...nextRace(race), close };
    await openJob({ task: 'text-classification', base: tinyBert() });
    expect((await scored('onnx', { 'model.onnx': telling })).evaluation.verdict).toBe('accepted');
  });

  test('rejects labels that are not the classes, adapters, and encoders where there is no base', async () => {
    race = await openRace();
    const { close } = race;
    const cases: readonly [SubmissionFormat, Files, Files | null, string][] = [
      ['hf-checkpoint', tinyClassifier(1, ['a', 'c']), tinyBert(), 'outputs_wrong'],
      ['hf-checkpoint', tinyClassifier(1, ['a', 'b']), null, 'format_not_accepted'],
      ['peft-lora', tinyAdapter(), tinyBert(), 'format_not_accepted'],
      ['onnx', { 'model.onnx': 'no model' }, tinyBert(), 'model_unreadable'],
    ];
    for (const [format, files, base, code] of cases) {
      race = { ...nextRace(race), close };
      await openJob({ task: 'text-classification', base });
      expect([format, await rejection(format, files)]).toEqual([format, code]);
    }
  });
});
