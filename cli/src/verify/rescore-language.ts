import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { limits as bounds, type ModelFile, type ReceiptBody } from '@agon/contracts';
import { readTextPart } from '@agon/dataset';
import {
  type Outcome,
  outcomeOf,
  outcomeOfPreferences,
  outcomeOfTokens,
  predictionOfLogits,
  preferenceMargins,
  scoreOutcome,
} from '@agon/domain';
import { inside } from '@agon/kit';
import { completionCounts, type EncodedRows, LanguageScorer } from '@agon/language';
import { CommandError } from '../context.ts';
import { fileFault } from './check-model.ts';
import { reportPart } from './report-part.ts';
import { winnerFiles } from './winner-files.ts';

const limits = { memoryMib: 24_576, threads: 2, loadMs: 600_000, tokensPerSecondMin: 1 };

export type LanguageEvidence = {
  readonly dataset: string;
  readonly model: string;
  readonly base: string;
  readonly format: 'onnx' | 'peft-lora' | 'hf-checkpoint';
};

type Local = { readonly path: string; readonly localPath: string };
type Scoring = { readonly body: ReceiptBody; readonly scorer: LanguageScorer; readonly at: LanguageEvidence };

/**
 * The score of an adapter or checkpoint on the report rows, measured as the evaluator does it.
 *
 * @throws CommandError where the base model's files are not those of the receipt; OnnxRejection where the model is at fault.
 */
export async function rescoreLanguage(body: ReceiptBody, at: LanguageEvidence): Promise<number> {
  const files = await baseFiles(body, at.base);
  const folder = await mkdtemp(join(tmpdir(), 'agon-verify-'));
  const scorer = await LanguageScorer.open({ folder: join(folder, 'scorer'), files, limits });
  try {
    return scoreOutcome(await outcomes[taskOf(body)]({ body, scorer, at }));
  } finally {
    await scorer.close();
    await rm(folder, { recursive: true, force: true });
  }
}

const taskOf = ({ job: { task } }: ReceiptBody): keyof typeof outcomes => {
  if (task in outcomes) return task as keyof typeof outcomes;
  throw new CommandError(`A model for ${task} has no base model.`);
};

const outcomes = {
  async chat(scoring: Scoring): Promise<Outcome> {
    const rows = await readTextPart(await reportPart(scoring.body, scoring.at.dataset), 'chat');
    const set = await encoded(scoring, { kind: 'chat', rows });
    const nats = await natsOf(scoring, set);
    return outcomeOfTokens(scoring.body.job.objective.metric, { nats, tokens: completionCounts(set.tokens) });
  },
  async preference(scoring: Scoring): Promise<Outcome> {
    const rows = await readTextPart(await reportPart(scoring.body, scoring.at.dataset), 'preference');
    const set = await encoded(scoring, { kind: 'preference', rows });
    const [base = new Float64Array()] = await scoring.scorer.scoreBase([set]);
    const margins = preferenceMargins(base, await natsOf(scoring, set));
    return outcomeOfPreferences(scoring.body.job.objective.metric, margins);
  },
  async 'text-classification'(scoring: Scoring): Promise<Outcome> {
    const { body, scorer, at } = scoring;
    const classes = body.table?.classes ?? [];
    const rows = await readTextPart(await reportPart(body, at.dataset), 'text-classification');
    const set = await encoded(scoring, { kind: 'text', rows: rows.map(({ text }) => ({ text })) });
    const [logits = new Float32Array()] = await scorer.classify(await submitted(body, at), [set], classes);
    const prediction = predictionOfLogits(logits, classes.length);
    const truth = Int32Array.from(rows, ({ label }) => classes.indexOf(label));
    return outcomeOf({ metric: body.job.objective.metric, truth, prediction, classes: classes.length });
  },
} as const;

const encoded = (
  { body, scorer }: Scoring,
  rows: Awaited<ReturnType<Parameters<LanguageScorer['encode']>[1]>>,
): Promise<EncodedRows> => scorer.encode('report', async () => rows, body.text?.max_tokens ?? bounds.textTokensDefault);

async function natsOf({ body, scorer, at }: Scoring, set: EncodedRows): Promise<Float64Array> {
  const files = await submitted(body, at);
  const rankMax = body.text?.lora_rank_max ?? bounds.loraRankMax;
  const scored =
    at.format === 'peft-lora'
      ? await scorer.scoreAdapter(files, [set], { rankMax })
      : await scorer.scoreCheckpoint(files, [set]);
  return scored[0] ?? new Float64Array();
}

/** The base model's files by name, each with the hash that the receipt has. @throws CommandError */
async function baseFiles(body: ReceiptBody, folder: string): Promise<Local[]> {
  const files = body.base_model?.files ?? [];
  const faults = (await Promise.all(files.map((file) => fileFault(file, inside(folder, file.path))))).flat();
  if (faults.length === 0) return files.map(({ path }) => ({ path, localPath: inside(folder, path) }));
  const name = `${body.base_model?.name} (revision ${body.base_model?.revision})`;
  throw new CommandError(`${folder} is not the base model ${name}: ${faults.join(', ')}.`);
}

/** What the winner committed, by the names that a scorer wants. */
async function submitted(body: ReceiptBody, at: LanguageEvidence): Promise<Local[]> {
  const wanted = ({ path }: ModelFile): boolean => /\.(safetensors|json)$/.test(path);
  const found = winnerFiles(body)
    .files.filter(wanted)
    .map(async ({ path }) => {
      const moved = inside(at.model, `submission/${path}`);
      const isMoved = await access(moved).then(
        () => true,
        () => false,
      );
      return { path: basename(path), localPath: isMoved ? moved : inside(at.model, path) };
    });
  return Promise.all(found);
}
