import { AppError, type Predict, type TableSchema } from '@agon/contracts';
import { type ClassPrediction, columnsFromRows, type TableInputs } from '@agon/onnx';
import type { ModelRecord } from '@agon/store';
import type { RouteDeps } from '../deps.ts';

/** A winner whose schema is known. */
export type TableModel = ModelRecord & { readonly table: TableSchema };

/**
 * Predicts rows with a winner that reads a table.
 *
 * @throws AppError `prediction_failed`; OnnxRejection where the model fails.
 */
export function predictTableRows(
  deps: Pick<RouteDeps, 'artifacts' | 'predict'>,
  model: TableModel,
  rows: Predict['rows'],
): Promise<ClassPrediction | Float64Array> {
  const { table } = model;
  checkNames(
    rows,
    table.columns.map((column) => column.name),
    [table.target],
  );
  return runGraph(deps, model, { columns: columnsFromRows(table, rows), rows: rows.length });
}

/** Runs a winner's ONNX file. @throws AppError `prediction_failed`; OnnxRejection where the model fails. */
export async function runGraph(
  deps: Pick<RouteDeps, 'artifacts' | 'predict'>,
  { table, task, files }: TableModel,
  input: { columns: TableInputs; rows: number },
): Promise<ClassPrediction | Float64Array> {
  const file = files.find(({ path }) => path === 'model.onnx') ?? files.find(isGraph);
  if (!file) throw new AppError('prediction_failed', 'This model is not served here.');
  const modelPath = await deps.artifacts.localPath(file.sha256);
  return deps.predict({ modelPath, table, task, ...input });
}

/** Files under `onnx/` are exports of weights for other programs. */
const isGraph = ({ path }: { path: string }): boolean => path.endsWith('.onnx') && !path.startsWith('onnx/');

const namesMax = 10;
const namesShownMax = 50;

/**
 * The target may stand in the rows, as in a file; any other unknown name is most likely a typing error, and the answer
 * would silently lack that column.
 *
 * @param names of the columns that the model reads.
 * @param others that are known and not read.
 * @throws AppError `prediction_failed`
 */
export function checkNames(rows: Predict['rows'], names: readonly string[], others: readonly string[]): void {
  const known = new Set([...names, ...others]);
  const unknown = new Set(rows.flatMap((row) => Object.keys(row).filter((name) => !known.has(name))));
  if (unknown.size === 0) return;
  const shown = [...unknown].slice(0, namesMax).map((name) => JSON.stringify(name.slice(0, 100)));
  const message = `The model has no column ${shown.join(', ')}; it has ${names.slice(0, namesShownMax).join(', ')}.`;
  throw new AppError('prediction_failed', message, { param: 'rows' });
}
