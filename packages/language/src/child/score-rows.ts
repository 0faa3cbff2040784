import ort from 'onnxruntime-node';
import { type Batch, planBatches } from '../rows/plan-batches.ts';
import { rowCount, rowLength, type TokenRows } from '../rows/token-rows.ts';

/** The model gave a loss that is NaN or infinite. */
export class LossFault extends Error {
  override readonly name = 'LossFault';
}

/**
 * Sums the negative log-likelihood of each row's completion, in batches of rows of like length.
 *
 * @param session a graph of `scoreGraph`.
 * @param extra what the graph takes besides the tokens: LoRA matrices.
 * @param batchTokens tokens that run together, padding included; a longer row runs alone.
 * @returns nats per row
 * @throws LossFault
 */
export async function scoreRows(
  session: ort.InferenceSession,
  rows: TokenRows,
  options: { extra: Readonly<Record<string, ort.Tensor>>; batchTokens: number },
): Promise<Float64Array> {
  const nats = new Float64Array(rowCount(rows));
  const lengths = nats.map((_, row) => rowLength(rows, row));
  for (const batch of planBatches(lengths, options.batchTokens)) {
    const feeds = { input_ids: batchIds(rows, batch), ...completionFeeds(rows, batch), ...options.extra };
    const { losses } = await session.run(feeds, ['losses']);
    addLosses(nats, rows, batch, losses?.data as Float32Array);
    losses?.dispose();
  }
  return nats;
}

/** `[B, T]`, padded with 0. */
export function batchIds(rows: TokenRows, { rows: members, length }: Batch): ort.Tensor {
  const ids = new BigInt64Array(members.length * length);
  for (const [index, row] of members.entries()) {
    const start = rows.offsets[row] as number;
    const count = rowLength(rows, row);
    for (let at = 0; at < count; at += 1) ids[index * length + at] = BigInt(rows.ids[start + at] as number);
  }
  return new ort.Tensor('int64', ids, [members.length, length]);
}

/** Every scored token, and the position of the token before it. */
function completionFeeds(rows: TokenRows, { rows: members, length }: Batch): Record<string, ort.Tensor> {
  const positions: bigint[] = [];
  const targets: bigint[] = [];
  for (const [index, row] of members.entries()) {
    const start = rows.offsets[row] as number;
    for (const column of completionOf(rows, row)) {
      positions.push(BigInt(index * length + column - 1));
      targets.push(BigInt(rows.ids[start + column] as number));
    }
  }
  return {
    positions: new ort.Tensor('int64', BigInt64Array.from(positions), [positions.length]),
    targets: new ort.Tensor('int64', BigInt64Array.from(targets), [targets.length]),
  };
}

const completionOf = (rows: TokenRows, row: number): Int32Array =>
  rows.completion.subarray(rows.completionOffsets[row], rows.completionOffsets[row + 1]);

function addLosses(nats: Float64Array, rows: TokenRows, batch: Batch, losses: Float32Array): void {
  let at = 0;
  for (const row of batch.rows) {
    let sum = 0;
    for (let end = at + completionOf(rows, row).length; at < end; at += 1) sum += losses[at] as number;
    if (!Number.isFinite(sum)) throw new LossFault(`The loss of row ${row + 1} is ${sum}.`);
    // A probability that float arithmetic takes above 1 is 1.
    nats[row] = Math.max(0, sum);
  }
}
