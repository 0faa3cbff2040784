import { readdir } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Caller, callerWith, startTestApi, type TestApi } from '../testing/test-api.ts';

const mib = 1024 * 1024;
const boundary = 'x-boundary';
const opening = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="d.csv"\r\n\r\n`;
const ending = `\r\n--${boundary}--\r\n`;

let api: TestApi;
let caller: Caller;
beforeAll(async () => {
  api = await startTestApi({ settings: { fileBytesMax: 5 * mib } });
  caller = await callerWith(api);
});
afterAll(() => api.close());

function* form(pieces: number): Generator<Buffer> {
  yield Buffer.from(opening);
  for (let piece = 0; piece < pieces; piece += 1) yield Buffer.alloc(mib, 'a');
  yield Buffer.from(ending);
}

/** Sends a form of so many MiB without telling its length, and answers what comes back while it is sent. */
function post(pieces: number): Promise<{ status: number; code: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${api.url}/v1/files`, {
      method: 'POST',
      headers: { authorization: caller.authorization, 'content-type': `multipart/form-data; boundary=${boundary}` },
    });
    request.on('response', async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      const body = JSON.parse(Buffer.concat(chunks).toString());
      resolve({ status: response.statusCode ?? 0, code: body.error?.code ?? 'none' });
    });
    pipeline(Readable.from(form(pieces)), request).catch(reject);
  });
}

test('a file at the limit is stored; one past it is refused while it arrives, and leaves no bytes', async () => {
  expect(await post(5)).toEqual({ status: 200, code: 'none' });
  const before = await readdir(api.folder, { recursive: true });
  expect(await post(12)).toEqual({ status: 413, code: 'file_too_large' });
  await expect.poll(() => readdir(join(api.folder), { recursive: true })).toEqual(before);
});

test('a refused key hears of it although the file is still being sent', async () => {
  const valid = caller.authorization;
  caller.authorization = 'Bearer agon_unknown';
  expect(await post(12)).toEqual({ status: 401, code: 'invalid_api_key' });
  caller.authorization = valid;
});
