import ort from 'onnxruntime-node';
import { type Batch, planBatches } from '../rows/plan-batches.ts';
import { rowCount, rowLength, type TokenRows } from '../rows/token-rows.ts';
import { batchIds, LossFault } from './score-rows.ts';

/**
 * Logits of each row.
 *
 * @param session a graph of `classifyGraph`.
 * @param order for each class that is asked for, its column in the model's output.
 * @returns `rows * order.length` numbers
 * @throws LossFault where one is not finite
 */
export async function classifyRows(
  session: ort.InferenceSession,
  rows: TokenRows,
  options: { order: readonly number[]; batchTokens: number },
): Promise<Float32Array> {
  const { order } = options;
  const all = new Float32Array(rowCount(rows) * order.length);
  const lengths = Float64Array.from({ length: rowCount(rows) }, (_, row) => rowLength(rows, row));
  for (const batch of planBatches(lengths, options.batchTokens)) {
    const { logits } = await session.run(feedsOf(session, rows, batch), ['logits']);
    const values = logits?.data as Float32Array;
    for (const [index, row] of batch.rows.entries()) {
      for (const [column, from] of order.entries()) {
        const value = values[index * order.length + from] as number;
        if (!Number.isFinite(value)) throw new LossFault(`A logit of row ${row + 1} is ${value}.`);
        all[row * order.length + column] = value;
      }
    }
    logits?.dispose();
  }
  return all;
}

/** Ids, lengths, and for models that tell two texts apart that there is one. */
function feedsOf(session: ort.InferenceSession, rows: TokenRows, batch: Batch): Record<string, ort.Tensor> {
  const shape = [batch.rows.length, batch.length];
  const lengths = Int32Array.from(batch.rows, (row) => rowLength(rows, row));
  const feeds = { input_ids: batchIds(rows, batch), lengths: new ort.Tensor('int32', lengths, [batch.rows.length]) };
  if (!session.inputNames.includes('token_type_ids')) return feeds;
  const types = new BigInt64Array(batch.rows.length * batch.length);
  return { ...feeds, token_type_ids: new ort.Tensor('int64', types, shape) };
}
