import {
  AppError,
  limits,
  ModelReference,
  Predict,
  type Prediction,
  Predictions,
  type TableSchema,
} from '@agon/contracts';
import { predictionOfLogits } from '@agon/domain';
import { type ClassPrediction, columnsFromRows, OnnxRejection } from '@agon/onnx';
import type { ModelRecord } from '@agon/store';
import { z } from 'zod';
import { servedClassifier } from '../chat/served-model.ts';
import type { RouteDeps } from '../deps.ts';
import { route } from '../http/route.ts';
import { findModel } from './model-wire.ts';

const namesMax = 10;

/**
 * The target may stand in the rows, as in a file; any other unknown name is most likely a typing error, and the answer
 * would silently lack that column.
 *
 * @throws AppError `prediction_failed`, `invalid_request`.
 */
export function checkRows(table: TableSchema, rows: Predict['rows']): void {
  if (rows.length > limits.predictRowsMax) {
    throw new AppError('invalid_request', `rows: at most ${limits.predictRowsMax} at a time`, { param: 'rows' });
  }
  const known = new Set([table.target, ...table.columns.map((column) => column.name)]);
  const unknown = new Set(rows.flatMap((row) => Object.keys(row).filter((name) => !known.has(name))));
  if (unknown.size === 0) return;
  const names = [...unknown].slice(0, namesMax).map((name) => JSON.stringify(name.slice(0, 100)));
  const message = `The model has no column ${names.join(', ')}; it has ${[...known].slice(1, 51).join(', ')}.`;
  throw new AppError('prediction_failed', message, { param: 'rows' });
}

function classRow(classes: readonly string[], answer: ClassPrediction, row: number): Prediction {
  const start = row * classes.length;
  const shares = classes.map((name, index): [string, number] => [name, answer.probabilities[start + index] ?? 0]);
  return { label: classes[answer.labels[row] ?? 0] ?? '', probabilities: Object.fromEntries(shares) };
}

/** The model's answer, row by row. */
export function predictionsOf(table: TableSchema, answer: ClassPrediction | Float64Array, rows: number): Prediction[] {
  if (answer instanceof Float64Array) return Array.from(answer, (value) => ({ value }));
  const classes = table.classes ?? [];
  return Array.from({ length: rows }, (_, row) => classRow(classes, answer, row));
}

/** Graphs answer columns; encoders read the text of each row. */
async function answerOf(
  deps: RouteDeps,
  model: ModelRecord & { table: TableSchema },
  rows: Predict['rows'],
): Promise<ClassPrediction | Float64Array> {
  const { table, task } = model;
  const classifier = await servedClassifier(deps, model);
  if (classifier) {
    const [column] = table.columns;
    const texts = rows.map((row) => String(row[column?.name ?? ''] ?? ''));
    const tokensMax = limits.textTokensMax;
    const classes = table.classes ?? [];
    return predictionOfLogits(await deps.chat.classify(classifier, { texts, classes, tokensMax }), classes.length);
  }
  const file = model.files.find((each) => each.path === 'model.onnx') ?? model.files.find(isGraph);
  if (!file) throw new AppError('prediction_failed', 'This model is not served here.');
  const modelPath = await deps.artifacts.localPath(file.sha256);
  return deps.predict({ modelPath, table, task, columns: columnsFromRows(table, rows), rows: rows.length });
}

const isGraph = ({ path }: { path: string }): boolean => path.endsWith('.onnx') && !path.startsWith('onnx/');

export const predict = route({
  method: 'post',
  path: '/v1/models/:model_id/predict',
  tag: 'Models',
  operationId: 'predict',
  summary: 'Predict rows',
  description: 'A missing or null value is a missing value. Names that the model does not have are refused.',
  auth: 'key',
  scopes: ['jobs:read'],
  bodyBytesMax: limits.predictBodyBytesMax,
  request: { params: z.object({ model_id: ModelReference }), body: Predict },
  response: Predictions,
  status: 200,
  errors: ['model_not_found', 'prediction_failed', 'rate_limited', 'invalid_request', 'invalid_json'],
  async handle({ deps, caller, params, body: { rows } }) {
    const model = await findModel(deps.stores, { reference: params.model_id, accountId: caller.accountId });
    const { table } = model;
    if (!table) throw new AppError('prediction_failed', 'This model answers conversations: POST /v1/chat/completions.');
    checkRows(table, rows);
    try {
      const answer = await answerOf(deps, { ...model, table }, rows);
      return { object: 'list' as const, model: model.id, data: predictionsOf(table, answer, rows.length) };
    } catch (error) {
      if (error instanceof OnnxRejection) throw new AppError('prediction_failed', error.message, {}, error);
      throw error;
    }
  },
});
