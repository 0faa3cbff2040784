import { AppError, limits } from '@agon/contracts';
import type { Request } from 'express';

const bodyMsMax = 30_000;

/**
 * Reads a body whole, as it was sent: signatures are over these bytes.
 *
 * @throws AppError `body_too_large`, `unsupported_media_type` for compressed content, `upload_incomplete`.
 */
export async function readBody(request: Request, bytesMax: number = limits.jsonBodyBytesMax): Promise<Buffer> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    throw new AppError('unsupported_media_type', `Send the body as it is, without content-encoding ${encoding}.`);
  }
  const tooLarge = () => new AppError('body_too_large', `The body has more than ${bytesMax} bytes.`);
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const timer = setTimeout(() => request.destroy(new AppError('upload_incomplete', lateMessage)), bodyMsMax);
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('upload_incomplete', 'The connection ended before the body did.', {}, error);
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks);
}

const lateMessage = `The body did not arrive within ${bodyMsMax / 1000} s.`;

const jsonType = /^application\/([a-z0-9.+-]+\+)?json\s*(;|$)/i;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads JSON from a body; nothing is undefined.
 *
 * @throws AppError `unsupported_media_type`, `invalid_json`.
 */
export function parseJson(bytes: Buffer, contentType: string | undefined): unknown {
  if (bytes.length === 0) return undefined;
  if (contentType !== undefined && !jsonType.test(contentType)) {
    throw new AppError('unsupported_media_type', 'Send the body as application/json.');
  }
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch {
    throw new AppError('invalid_json', 'The body is not JSON in UTF-8.');
  }
}
