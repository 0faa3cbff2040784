import { createHash } from 'node:crypto';
import { ApiError } from '@agon/client';
import type { Downloader } from '../download/download-file.ts';

export type Served = { readonly path: string; readonly url: string; readonly sha256: string; readonly bytes: number };

/** A service that has files, and what a test does to its answers. */
export function fileService(contents: Readonly<Record<string, Buffer>>) {
  const asked: string[] = [];
  const state = { cutAfter: undefined as number | undefined, refusal: undefined as ApiError | undefined };
  const client: Downloader = {
    async data(url, { from = 0, signal } = {}) {
      signal?.throwIfAborted();
      const content = contents[url.slice(1)];
      asked.push(`${url} ${from}`);
      if (state.refusal) throw state.refusal;
      if (!content) throw new ApiError('There is no such file.', { status: 404, code: 'run_not_found' });
      const rest = content.subarray(from);
      return new Response(cut(rest, state.cutAfter), { status: from > 0 ? 206 : 200 });
    },
  };
  const file = (path: string): Served => {
    const content = contents[path] ?? Buffer.alloc(0);
    const sha256 = createHash('sha256').update(content).digest('hex');
    return { path, url: `/${path}`, sha256, bytes: content.length };
  };
  return { client, asked, state, file };
}

/** The first bytes, and then an error where there are more. */
function cut(bytes: Buffer, after: number | undefined): ReadableStream<Uint8Array> {
  const whole = after === undefined || bytes.length <= after;
  const parts = [bytes.subarray(0, whole ? bytes.length : after)];
  return new ReadableStream({
    pull(controller) {
      const part = parts.shift();
      if (part) controller.enqueue(new Uint8Array(part));
      else if (whole) controller.close();
      else controller.error(new TypeError('terminated'));
    },
  });
}
