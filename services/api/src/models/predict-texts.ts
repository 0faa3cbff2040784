import { AppError, limits, type Predict } from '@agon/contracts';
import { cleanText } from '@agon/dataset';
import { predictionOfLogits } from '@agon/domain';
import type { Classification, ServedModel } from '@agon/inference';
import { type ClassPrediction, OnnxRejection } from '@agon/onnx';
import type { JobRecord } from '@agon/store';
import { servedClassifier } from '../chat/served-model.ts';
import type { RouteDeps } from '../deps.ts';
import { checkNames, runGraph, type TableModel } from './predict-table.ts';

type Deps = Pick<RouteDeps, 'artifacts' | 'chat' | 'predict' | 'stores'>;
type Asked = { readonly rows: Predict['rows']; readonly signal: AbortSignal };

/** The name that a text always has, whatever it is called in the dataset. */
const usualName = 'text';

/**
 * Puts texts into classes with a winner: a checkpoint of an encoder, or a graph that reads the text.
 *
 * @throws AppError `prediction_failed`, `base_model_not_found`; what the process throws that runs the model.
 */
export async function predictTexts(
  deps: Deps,
  model: TableModel,
  { rows, signal }: Asked,
): Promise<ClassPrediction | Float64Array> {
  const job = await deps.stores.jobs.find(model.jobId);
  const texts = textsOf(rows, namesOf(job), model.table.target);
  const encoder = await servedClassifier(deps, model);
  if (!encoder) return runGraph(deps, model, { columns: [texts], rows: texts.length });
  const tokensMax = job?.text?.max_tokens ?? limits.textTokensDefault;
  return classified(deps, encoder, { texts, classes: model.table.classes ?? [], tokensMax }, signal);
}

async function classified(
  deps: Deps,
  model: ServedModel,
  request: Classification,
  gone: AbortSignal,
): Promise<ClassPrediction> {
  const late = AbortSignal.timeout(limits.predictMsMax);
  try {
    const signal = AbortSignal.any([gone, late]);
    const logits = await deps.chat.classify(model, request, { signal });
    return predictionOfLogits(logits, request.classes.length);
  } catch (error) {
    if (error === late.reason) {
      const message = `The rows took longer than ${limits.predictMsMax / 1000} s; send fewer at a time.`;
      throw new AppError('prediction_failed', message, { param: 'rows' }, error);
    }
    if (error instanceof AppError || error instanceof OnnxRejection) throw error;
    throw new AppError('model_unavailable', 'The model could not be run.', { retryAfterSeconds: 5 }, error);
  }
}

/** `text`, and what the column was called in the dataset of the job. */
function namesOf(job: JobRecord | undefined): string[] {
  const read = job?.dataset?.columns.filter(({ role }) => role === 'feature').map(({ name }) => name) ?? [];
  return [...new Set([usualName, ...read])];
}

/** @throws AppError `prediction_failed` for rows without a text. */
function textsOf(rows: Predict['rows'], names: readonly string[], target: string): string[] {
  checkNames(rows, names, [target]);
  return rows.map((row, index) => {
    const value = names.map((name) => row[name]).find((cell) => cell !== undefined && cell !== null);
    if (value !== undefined && value !== null) return cleanText(String(value));
    const message = `Row ${index + 1} has no ${names.map((name) => JSON.stringify(name)).join(' or ')}.`;
    throw new AppError('prediction_failed', message, { param: `rows[${index}]` });
  });
}
