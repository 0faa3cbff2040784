import { setImmediate as nextTurn } from 'node:timers/promises';
import { AppError, limits } from '@agon/contracts';

/** Small enough that the work on one piece blocks the event loop for a few milliseconds only. */
const pieceBytesMax = 64 * 1024;

/**
 * The bytes in small pieces, whatever the sizes in which they come. Between pieces the event loop gets its turn, and
 * an aborted signal ends the reading.
 *
 * @throws AppError `dataset_too_large` past the limit of bytes; the signal's reason when it is aborted.
 */
export async function* bytePieces(
  source: AsyncIterable<Uint8Array>,
  options: { signal?: AbortSignal | undefined } = {},
): AsyncGenerator<Buffer> {
  let bytesTotal = 0;
  let bytesSinceTurn = 0;
  for await (const chunk of source) {
    for (let start = 0; start < chunk.byteLength; start += pieceBytesMax) {
      options.signal?.throwIfAborted();
      const bytes = Math.min(pieceBytesMax, chunk.byteLength - start);
      bytesTotal += bytes;
      if (bytesTotal > limits.datasetBytesMax) throw datasetTooLarge(bytesTotal);
      yield Buffer.from(chunk.buffer, chunk.byteOffset + start, bytes);
      bytesSinceTurn += bytes;
      if (bytesSinceTurn >= pieceBytesMax) {
        bytesSinceTurn = 0;
        await nextTurn();
      }
    }
  }
  options.signal?.throwIfAborted();
}

const datasetTooLarge = (bytes: number): AppError =>
  new AppError(
    'dataset_too_large',
    `The dataset has ${bytes.toLocaleString('en')} bytes or more; the limit is ${limits.datasetBytesMax.toLocaleString('en')}.`,
  );

/** The first bytes of the source, at most `bytesMax`; reads no further than that. */
export async function readHead(source: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of bytePieces(source)) {
    pieces.push(piece);
    bytes += piece.byteLength;
    if (bytes >= bytesMax) break;
  }
  return Buffer.concat(pieces).subarray(0, bytesMax);
}
