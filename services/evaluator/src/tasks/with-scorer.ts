import { limits as bounds } from '@agon/contracts';
import type { EncodedRows, LanguageScorer, ScorerLimits, TextRows } from '@agon/language';
import type { BaseModelRecord } from '@agon/store';
import type { EvaluatorDeps } from '../evaluator-deps.ts';
import type { PreparedJob } from './task-module.ts';

const mib = 1024 * 1024;
/** What a machine reads from its disk at least. */
const bytesPerMs = 20_000;
/** Arithmetic that a machine does at least; an idle core of today does five times as much. */
const operationsPerSecond = 1e10;
/** The runtime, the tokenizer and the rows; then weights as they lie on disk, in float32, and in the layout of the kernels. */
const memoryMibOfRuntime = 1_024;
const memoryBytesPerParameter = 12;
/** Numbers in an attention head, for a guess at the number of heads. */
const headSizeMin = 32;
const batchTokens = 2_048;

/** Calls `work` with the job's base model, loaded or about to be. @throws Error where it is gone; what `work` throws. */
export async function withScorer<T>(
  deps: EvaluatorDeps,
  job: PreparedJob,
  work: (scorer: LanguageScorer) => Promise<T>,
): Promise<T> {
  const base = job.baseModel && (await deps.stores.baseModels.find(job.baseModel.id));
  if (!base) throw new Error(`The base model ${job.baseModel?.id ?? ''} of the job ${job.id} is not there.`);
  const files = () =>
    Promise.all(
      base.files.map(async ({ path, sha256 }) => ({ path, localPath: await deps.artifacts.localPath(sha256) })),
    );
  return deps.scorers.use({ id: contentOf(base), files, limits: scorerLimits(deps, base) }, work);
}

/** A model that was deleted and imported again under its name may have other files. */
const contentOf = (base: BaseModelRecord): string =>
  JSON.stringify([base.id, ...base.files.map(({ path, sha256 }) => `${path} ${sha256}`)]);

/** What a base model of this size may take; the service's own settings are the least. */
export function scorerLimits(deps: Pick<EvaluatorDeps, 'limits'>, base: BaseModelRecord): ScorerLimits {
  const { parameters, hidden_size: hidden } = base.facts;
  const bytes = base.files.reduce((sum, file) => sum + file.bytes, 0);
  const attentionBytes =
    (hidden / headSizeMin) * Math.max(batchTokens, bounds.textTokensMax) * bounds.textTokensMax * 4;
  const weightBytes = parameters * memoryBytesPerParameter;
  const { childMemoryMib, scoringMsMax, threads, provider = 'cpu' } = deps.limits;
  return {
    threads,
    provider,
    memoryMib: Math.ceil(Math.max(childMemoryMib, memoryMibOfRuntime + (weightBytes + attentionBytes) / mib)),
    loadMs: scoringMsMax + bytes / bytesPerMs,
    tokensPerSecondMin: operationsPerSecond / (2 * parameters),
  };
}

export type HiddenParts = { readonly selection: EncodedRows; readonly report: EncodedRows };

/**
 * Both hidden parts in tokens of the base model.
 *
 * @throws Error where not one row of a part can be scored.
 */
export async function hiddenParts(
  job: PreparedJob,
  input: { scorer: LanguageScorer; read: (part: 'selection' | 'report') => Promise<TextRows> },
): Promise<HiddenParts> {
  const tokensMax = job.text?.max_tokens ?? bounds.textTokensDefault;
  const encoded = async (part: 'selection' | 'report') => {
    const rows = await input.scorer.encode(`${job.task} ${job.parts[part].sha256}`, () => input.read(part), tokensMax);
    if (rows.kept.length > 0) return rows;
    throw new Error(`No row of the ${part} part can be scored; ${rows.unscoredReason ?? 'there are none'}.`);
  };
  return { selection: await encoded('selection'), report: await encoded('report') };
}

/** How the untouched base is spoken of, with what of the hidden rows it does not see. */
export function baseSummary(job: PreparedJob, parts: HiddenParts): string {
  const { selection, report } = parts;
  const rows = job.parts.selection.rows + job.parts.report.rows;
  const unscored = rows - selection.kept.length - report.kept.length;
  const cut = selection.cutRows + report.cutRows;
  const notes = [
    ...(cut > 0 ? [`${cut} cut at ${job.text?.max_tokens} tokens`] : []),
    ...(unscored > 0 ? [`${unscored} not scored`] : []),
  ];
  const aside = notes.length > 0 ? `; of ${rows} hidden rows ${notes.join(', ')}` : '';
  return `${job.baseModel?.name} as it is${aside}`;
}
