import { AppError, limits } from '@agon/contracts';
import type { ByteSource } from '@agon/store';
import type { z } from 'zod';
import type { HubRequest } from './exchange.ts';

const bodyMsMax = 30_000;
const issuesMax = 5;

/** @throws AppError `body_too_large`, `upload_incomplete` where it takes longer than half a minute. */
async function readBytes(source: ByteSource, bytesMax: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new AppError('upload_incomplete', `The body did not arrive within ${bodyMsMax / 1000} s.`);
    timer = setTimeout(() => reject(error), bodyMsMax);
  });
  const iterator = source[Symbol.asyncIterator]();
  const step = () => Promise.race([iterator.next(), late]);
  try {
    for (let next = await step(); !next.done; next = await step()) {
      bytes += next.value.byteLength;
      if (bytes > bytesMax) throw new AppError('body_too_large', `The body has more than ${bytesMax} bytes.`);
      chunks.push(next.value);
    }
  } finally {
    clearTimeout(timer);
    iterator.return?.().catch(() => undefined);
  }
  return Buffer.concat(chunks);
}

/** Forms say the same as JSON: Python's client sends lists of paths so. */
function parseForm(form: string): Record<string, unknown> {
  const fields = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(form)) fields.set(name, [...(fields.get(name) ?? []), value]);
  return Object.fromEntries(fields);
}

function parse(body: string, contentType: string): unknown {
  if (contentType.startsWith('application/x-www-form-urlencoded')) return parseForm(body);
  if (body === '') return {};
  try {
    return JSON.parse(body);
  } catch {
    throw new AppError('invalid_json', 'The body is not JSON.');
  }
}

/** @throws AppError `invalid_request` that names the fields. */
export function checked<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, issuesMax);
  const sentences = issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
  throw new AppError('invalid_request', sentences.join('; '));
}

/**
 * Reads a small body.
 *
 * @throws AppError `body_too_large`, `invalid_json`, `invalid_request`, `upload_incomplete`.
 */
export async function readJson<T extends z.ZodType>(request: HubRequest, schema: T): Promise<z.output<T>> {
  const bytes = await readBytes(request.body, limits.hubJsonBodyBytesMax);
  return checked(schema, parse(bytes.toString('utf8'), request.headers.get('content-type') ?? ''));
}
