import type { MetricName } from '@agon/contracts';
import type { Outcome } from './outcome.ts';

/** The order is part of the format: only append. */
const metricCodes: readonly MetricName[] = [
  'log_loss',
  'accuracy',
  'f1_macro',
  'roc_auc',
  'rmse',
  'mae',
  'r2',
  'loss',
  'perplexity',
  'preference_accuracy',
  'dpo_loss',
];
const magic = 0x4147_4f31; // "AGO1"
const headerBytes = 16;

/**
 * Little-endian: "AGO1" (big-endian, so that it reads), uint16 metric, uint16 1 where losses follow, uint32 rows,
 * uint32 width, then float64 truth, float64 losses where there are any, float32 prediction. An exact round trip.
 */
export function encodeOutcome(outcome: Outcome): Uint8Array {
  const lossBytes = outcome.losses ? outcome.rows * 8 : 0;
  const bytes = new Uint8Array(headerBytes + outcome.rows * 8 + lossBytes + outcome.prediction.length * 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic);
  view.setUint16(4, metricCodes.indexOf(outcome.metric), true);
  view.setUint16(6, outcome.losses ? 1 : 0, true);
  view.setUint32(8, outcome.rows, true);
  view.setUint32(12, outcome.width, true);
  let offset = headerBytes;
  for (const doubles of [outcome.truth, outcome.losses ?? []]) {
    for (const value of doubles) {
      view.setFloat64(offset, value, true);
      offset += 8;
    }
  }
  for (const value of outcome.prediction) {
    view.setFloat32(offset, value, true);
    offset += 4;
  }
  return bytes;
}

const doublesAt = (view: DataView, offset: number, count: number): Float64Array =>
  Float64Array.from({ length: count }, (_, index) => view.getFloat64(offset + index * 8, true));

/**
 * Reads what `encodeOutcome` wrote.
 *
 * @throws RangeError where the bytes are something else, cut short, or hold a number that is not finite.
 */
export function decodeOutcome(bytes: Uint8Array): Outcome {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < headerBytes || view.getUint32(0) !== magic) throw new RangeError('These bytes are no outcome.');
  const metric = metricCodes[view.getUint16(4, true)];
  if (metric === undefined) throw new RangeError('The outcome names an unknown metric.');
  const hasLosses = view.getUint16(6, true) === 1;
  const rows = view.getUint32(8, true);
  const width = view.getUint32(12, true);
  const predictionAt = headerBytes + rows * 8 * (hasLosses ? 2 : 1);
  if (bytes.length !== predictionAt + rows * width * 4) throw new RangeError('The outcome was cut short.');
  const truth = doublesAt(view, headerBytes, rows);
  const losses = hasLosses ? doublesAt(view, headerBytes + rows * 8, rows) : null;
  const prediction = Float32Array.from({ length: rows * width }, (_, index) =>
    view.getFloat32(predictionAt + index * 4, true),
  );
  if (![truth, losses ?? truth, prediction].every((numbers) => numbers.every(Number.isFinite)))
    throw new RangeError('The outcome holds a number that is not finite.');
  return { metric, rows, losses, truth, prediction, width };
}
