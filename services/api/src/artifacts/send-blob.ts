import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { BlobRef } from '@agon/contracts';
import { type ByteRange, parseRange } from '@agon/kit';
import type { ArtifactStore } from '@agon/store';
import type { Request, Response } from 'express';
import { written } from '../http/route.ts';

export type BlobAnswer = {
  readonly blob: BlobRef;
  readonly contentType: string;
  /** The name that a browser saves it by; shown in place where it is left out. */
  readonly filename?: string;
};

const disposition = (filename: string): string => {
  const plain = filename.replace(/[^\x20-\x7e]|["\\]/g, '_');
  return `attachment; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(filename).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)}`;
};

const isFresh = (header: string | undefined, etag: string): boolean =>
  header !== undefined &&
  (header === '*' || header.split(',').some((each) => each.trim().replace(/^W\//, '') === etag));

/** Streams a blob with ETag, ranges and HEAD. What was promised and is cut short ends the connection. */
export async function sendBlob(
  artifacts: Pick<ArtifactStore, 'read'>,
  http: { request: Request; response: Response },
  { blob, contentType, filename }: BlobAnswer,
): Promise<typeof written> {
  const { request, response } = http;
  const etag = `"${blob.sha256}"`;
  response.set({ etag, 'accept-ranges': 'bytes', 'cache-control': 'private, no-cache', 'content-type': contentType });
  if (filename !== undefined) response.set('content-disposition', disposition(filename));
  if (isFresh(request.headers['if-none-match'], etag)) {
    response.status(304).end();
    return written;
  }
  const ifRange = request.headers['if-range'];
  const range = ifRange === undefined || ifRange === etag ? rangeOf(request, response, blob.bytes) : undefined;
  const { start, end } = range ?? { start: 0, end: blob.bytes };
  if (range) response.status(206).set('content-range', `bytes ${start}-${end - 1}/${blob.bytes}`);
  response.set('content-length', String(end - start));
  if (request.method === 'HEAD' || end === start) response.end();
  else await pipeline(Readable.from(artifacts.read(blob.sha256, { start, end }), { objectMode: false }), response);
  return written;
}

function rangeOf(request: Request, response: Response, bytes: number): ByteRange | undefined {
  try {
    return parseRange(request.headers.range, bytes);
  } catch (error) {
    response.set('content-range', `bytes */${bytes}`);
    response.removeHeader('content-disposition');
    response.removeHeader('etag');
    throw error;
  }
}
