import { createWriteStream } from 'node:fs';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const headerBytes = 8;

/**
 * Takes Docker's frames apart: an 8-byte header with the length in its last four, then that many bytes of stdout or
 * stderr. Keeps nothing but an unfinished header, however long a frame or a line is.
 */
export function frameContents(): Transform {
  let header: Buffer = Buffer.alloc(0);
  let left = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      let at = 0;
      while (at < chunk.length) {
        if (left === 0) {
          const part = chunk.subarray(at, at + headerBytes - header.length);
          header = Buffer.concat([header, part]);
          at += part.length;
          if (header.length < headerBytes) break;
          left = header.readUInt32BE(4);
          header = Buffer.alloc(0);
        } else {
          const part = chunk.subarray(at, at + left);
          this.push(part);
          left -= part.length;
          at += part.length;
        }
      }
      done();
    },
  });
}

/** Lets this many bytes pass and drops the rest, so that a flood fills no disk before it is stopped. */
export function firstBytes(bytesMax: number): Transform {
  let passed = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const part = chunk.subarray(0, Math.max(0, bytesMax - passed));
      passed += part.length;
      done(null, part.length > 0 ? part : undefined);
    },
  });
}

/**
 * Writes what a container prints into a file until the stream ends. A slow disk slows the container, not the miner.
 *
 * @param options.fresh begins the file anew.
 */
export function writeOutput(
  frames: Readable,
  options: { path: string; bytesMax: number; fresh: boolean; signal: AbortSignal },
): Promise<void> {
  const file = createWriteStream(options.path, { flags: options.fresh ? 'w' : 'a' });
  return pipeline(frames, frameContents(), firstBytes(options.bytesMax), file, { signal: options.signal });
}
