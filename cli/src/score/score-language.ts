import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { limits as bounds, type MetricName, type TableSchema, type TaskName, type TextLimits } from '@agon/contracts';
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
import { completionCounts, type EncodedRows, LanguageScorer, type ModelFile } from '@agon/language';
import { CommandError } from '../context.ts';

const limits = { memoryMib: 24_576, threads: 2, loadMs: 600_000, tokensPerSecondMin: 1 };

export type LanguageScoring = {
  readonly task: TaskName;
  readonly metric: MetricName;
  readonly table: TableSchema | null;
  readonly text: TextLimits | null;
  readonly format: 'onnx' | 'peft-lora' | 'hf-checkpoint';
  /** Rows as the service writes its hidden parts. */
  readonly part: AsyncIterable<Uint8Array>;
  /** Of the base model, and of what was submitted; by their names at the top of a folder. */
  readonly base: readonly ModelFile[];
  readonly files: readonly ModelFile[];
};

type Scoring = LanguageScoring & { readonly scorer: LanguageScorer };

/**
 * The score of an adapter or checkpoint on a hidden part, measured as the evaluator does it.
 *
 * @throws OnnxRejection where the model is at fault; CommandError for a task without a base model.
 */
export async function scoreLanguage(scoring: LanguageScoring): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'agon-score-'));
  const scorer = await LanguageScorer.open({ folder: join(folder, 'scorer'), files: scoring.base, limits });
  try {
    return scoreOutcome(await outcomes[taskOf(scoring)]({ ...scoring, scorer }));
  } finally {
    await scorer.close();
    await rm(folder, { recursive: true, force: true });
  }
}

const taskOf = ({ task }: LanguageScoring): keyof typeof outcomes => {
  if (task in outcomes) return task as keyof typeof outcomes;
  throw new CommandError(`A model for ${task} has no base model.`);
};

const outcomes = {
  async chat(scoring: Scoring): Promise<Outcome> {
    const rows = await readTextPart(scoring.part, 'chat');
    const set = await encoded(scoring, { kind: 'chat', rows });
    const nats = await natsOf(scoring, set);
    return outcomeOfTokens(scoring.metric, { nats, tokens: completionCounts(set.tokens) });
  },
  async preference(scoring: Scoring): Promise<Outcome> {
    const rows = await readTextPart(scoring.part, 'preference');
    const set = await encoded(scoring, { kind: 'preference', rows });
    const [base = new Float64Array()] = await scoring.scorer.scoreBase([set]);
    const margins = preferenceMargins(base, await natsOf(scoring, set));
    return outcomeOfPreferences(scoring.metric, margins);
  },
  async 'text-classification'(scoring: Scoring): Promise<Outcome> {
    const { scorer, metric, files, table } = scoring;
    const classes = table?.classes ?? [];
    const rows = await readTextPart(scoring.part, 'text-classification');
    const set = await encoded(scoring, { kind: 'text', rows: rows.map(({ text }) => ({ text })) });
    const [logits = new Float32Array()] = await scorer.classify(files, [set], classes);
    const prediction = predictionOfLogits(logits, classes.length);
    const truth = Int32Array.from(rows, ({ label }) => classes.indexOf(label));
    return outcomeOf({ metric, truth, prediction, classes: classes.length });
  },
} as const;

const encoded = (
  { text, scorer }: Scoring,
  rows: Awaited<ReturnType<Parameters<LanguageScorer['encode']>[1]>>,
): Promise<EncodedRows> => scorer.encode('hidden', async () => rows, text?.max_tokens ?? bounds.textTokensDefault);

async function natsOf({ text, scorer, format, files }: Scoring, set: EncodedRows): Promise<Float64Array> {
  const rankMax = text?.lora_rank_max ?? bounds.loraRankMax;
  const scored =
    format === 'peft-lora'
      ? await scorer.scoreAdapter(files, [set], { rankMax })
      : await scorer.scoreCheckpoint(files, [set]);
  return scored[0] ?? new Float64Array();
}
