import {
  AppError,
  limits,
  ModelReference,
  Predict,
  type Prediction,
  Predictions,
  type TableSchema,
} from '@agon/contracts';
import { type ClassPrediction, OnnxRejection } from '@agon/onnx';
import type { ModelRecord } from '@agon/store';
import { z } from 'zod';
import { route } from '../http/route.ts';
import { findModel } from './model-wire.ts';
import { predictTableRows, type TableModel } from './predict-table.ts';
import { predictTexts } from './predict-texts.ts';

export const predict = route({
  method: 'post',
  path: '/v1/models/:model_id/predict',
  tag: 'Models',
  operationId: 'predict',
  summary: 'Predict rows, or put texts into classes',
  description:
    'Rows of a table have a value for each column; a missing or null value is a missing value. Rows of a text classifier have the text, as `text` or as the dataset called it. Names that the model does not have are refused.',
  auth: 'key',
  scopes: ['jobs:read'],
  bodyBytesMax: limits.predictBodyBytesMax,
  request: { params: z.object({ model_id: ModelReference }), body: Predict },
  response: Predictions,
  status: 200,
  errors: [
    'model_not_found',
    'base_model_not_found',
    'model_unavailable',
    'prediction_failed',
    'rate_limited',
    'invalid_request',
    'invalid_json',
  ],
  async handle({ deps, caller, params, body: { rows }, gone }) {
    const model = await findModel(deps.stores, { reference: params.model_id, accountId: caller.accountId });
    if (rows.length > limits.predictRowsMax) {
      throw new AppError('invalid_request', `rows: at most ${limits.predictRowsMax} at a time`, { param: 'rows' });
    }
    if (!hasTable(model)) {
      const message = `The model ${model.id} is for ${model.task}; POST /v1/chat/completions lets it answer.`;
      throw new AppError('prediction_failed', message);
    }
    const answer = await orRefused(
      model.task === 'text-classification'
        ? predictTexts(deps, model, { rows, signal: gone })
        : predictTableRows(deps, model, rows),
    );
    return { object: 'list' as const, model: model.id, data: predictionsOf(model.table, answer, rows.length) };
  },
});

const hasTable = (model: ModelRecord): model is TableModel => model.table !== null;

/** What goes wrong in a model is told as such. */
async function orRefused<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof OnnxRejection) throw new AppError('prediction_failed', error.message, {}, error);
    throw error;
  }
}

/** The model's answer, row by row. */
function predictionsOf(table: TableSchema, answer: ClassPrediction | Float64Array, rows: number): Prediction[] {
  if (answer instanceof Float64Array) return Array.from(answer, (value) => ({ value }));
  const classes = table.classes ?? [];
  return Array.from({ length: rows }, (_, row) => classRow(classes, answer, row));
}

function classRow(classes: readonly string[], answer: ClassPrediction, row: number): Prediction {
  const start = row * classes.length;
  const shares = classes.map((name, index): [string, number] => [name, answer.probabilities[start + index] ?? 0]);
  return { label: classes[answer.labels[row] ?? 0] ?? '', probabilities: Object.fromEntries(shares) };
}
