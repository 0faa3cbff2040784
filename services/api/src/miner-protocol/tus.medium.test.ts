import { randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { limits } from '@agon/contracts';
import * as tus from 'tus-js-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aCommit, codeOf, leaseRun, sha256 } from '../testing/lease-run.ts';
import { jsonOf, startTestApi, type TestApi } from '../testing/test-api.ts';

let api: TestApi;
let nowMs = Date.UTC(2026, 5, 1);
beforeAll(async () => {
  api = await startTestApi({ clock: { nowMs: () => nowMs } });
});
afterAll(() => api.close());

/** A committed submission of one file, with the address of its upload. */
async function committed(bytes: Uint8Array) {
  const { act, run } = await leaseRun(api);
  const answer = await act('submission', aCommit(bytes));
  const [upload] = answer.body.uploads as { id: string; url: string }[];
  return { act, run, id: upload?.id ?? '', url: api.url + upload?.url };
}

const headers = (offset?: number): Record<string, string> => ({
  'tus-resumable': '1.0.0',
  ...(offset === undefined
    ? {}
    : { 'content-type': 'application/offset+octet-stream', 'upload-offset': String(offset) }),
});
const patch = (url: string, bytes: Uint8Array, offset: number): Promise<Response> =>
  fetch(url, { method: 'PATCH', headers: headers(offset), body: new Uint8Array(bytes) });
const head = (url: string): Promise<Response> => fetch(url, { method: 'HEAD', headers: headers() });
const offsetOf = async (url: string): Promise<string | null> => (await head(url)).headers.get('upload-offset');
const refusalOf = async (response: Response): Promise<string> => (await jsonOf(response)).error.code;

/** Sends the beginning of a request's body, then cuts the connection. */
function sendAndCut(url: string, bytes: Uint8Array, announced: number): Promise<void> {
  return new Promise((resolve) => {
    const request = httpRequest(url, {
      method: 'PATCH',
      headers: { ...headers(0), 'content-length': String(announced) },
    });
    request.on('error', () => resolve());
    request.write(bytes, () => setTimeout(() => request.destroy(new Error('cut')), 100));
  });
}

/** Uploads with the unmodified client; `stopAfter` aborts and goes on, as after a break of the network. */
function uploadWithClient(url: string, bytes: Buffer, options: { stopAfter?: number } = {}): Promise<number> {
  let requests = 0;
  return new Promise((resolve, reject) => {
    const upload = new tus.Upload(bytes, {
      uploadUrl: url,
      chunkSize: 64 * 1024,
      retryDelays: null,
      onAfterResponse: () => {
        requests += 1;
      },
      onChunkComplete: (_size, accepted) => {
        if (options.stopAfter !== undefined && accepted >= options.stopAfter) {
          upload.abort().then(() => resolve(requests), reject);
        }
      },
      onError: reject,
      onSuccess: () => resolve(requests),
    });
    upload.start();
  });
}

describe('tus uploads', () => {
  test('the unmodified tus-js-client uploads a file in chunks, and goes on where it stopped', async () => {
    const bytes = randomBytes(300 * 1024);
    const { url, act } = await committed(bytes);
    await uploadWithClient(url, bytes, { stopAfter: 128 * 1024 });
    const offset = Number(await offsetOf(url));
    expect(offset).toBeGreaterThanOrEqual(128 * 1024);
    expect(offset).toBeLessThan(bytes.length);
    const rest = (await uploadWithClient(url, bytes)) - 1;
    expect(rest).toBe(Math.ceil((bytes.length - offset) / (64 * 1024)));
    expect(await api.artifacts.stat(sha256(bytes))).toMatchObject({ bytes: bytes.length });
    expect((await act('finish')).body.status).toBe('uploaded');
  });

  test('what arrived before the connection was cut is kept', async () => {
    const bytes = randomBytes(100_000);
    const { url } = await committed(bytes);
    await sendAndCut(url, bytes.subarray(0, 40_000), bytes.length);
    await expect.poll(() => offsetOf(url)).toBe('40000');
    expect((await patch(url, bytes.subarray(40_000), 40_000)).status).toBe(204);
    expect(await offsetOf(url)).toBe('100000');
  });

  test('a newer request interrupts one whose connection is dead', async () => {
    const bytes = randomBytes(50_000);
    const { url } = await committed(bytes);
    const stalled = httpRequest(url, { method: 'PATCH', headers: { ...headers(0), 'content-length': '50000' } });
    stalled.on('error', () => undefined);
    stalled.write(bytes.subarray(0, 10_000));
    await expect.poll(() => offsetOf(url)).toBe('10000');
    expect((await patch(url, bytes.subarray(10_000), 10_000)).status).toBe(204);
    stalled.destroy();
  });

  test('other bytes than those committed are discarded, and the upload begins again', async () => {
    const bytes = randomBytes(1_000);
    const { url, act } = await committed(bytes);
    const forged = await patch(url, randomBytes(1_000), 0);
    expect([forged.status, await refusalOf(forged)]).toEqual([422, 'upload_hash_mismatch']);
    expect(await offsetOf(url)).toBe('0');
    expect(codeOf(await act('finish'))).toBe('submission_incomplete');
    expect((await patch(url, bytes, 0)).status).toBe(204);
    expect((await act('finish')).status).toBe(200);
  });

  test('a service that died between the last byte and the hash is made good by the next question', async () => {
    const bytes = randomBytes(1_000);
    const { url, id, act } = await committed(bytes);
    const whole = async function* () {
      yield bytes;
    };
    await api.artifacts.staging.append({ id, offset: 0, bytesMax: 1_000, source: whole() });
    expect(await offsetOf(url)).toBe('1000');
    expect((await api.stores.uploads.find(id))?.status).toBe('received');
    expect((await act('finish')).status).toBe(200);
  });

  test.each([
    ['a wrong offset', () => headers(5), 409, 'upload_offset_mismatch'],
    ['no offset', () => ({ ...headers(0), 'upload-offset': '' }), 400, 'invalid_request'],
    ['a negative offset', () => headers(-1), 400, 'invalid_request'],
    ['another content type', () => ({ ...headers(0), 'content-type': 'text/plain' }), 415, 'unsupported_media_type'],
    ['no version', () => ({ ...headers(0), 'tus-resumable': '' }), 412, 'tus_version_unsupported'],
    ['another version', () => ({ ...headers(0), 'tus-resumable': '0.2.2' }), 412, 'tus_version_unsupported'],
  ])('%s is refused', async (_, made, status, code) => {
    const { url } = await committed(Buffer.from('abc'));
    const response = await fetch(url, { method: 'PATCH', headers: made(), body: 'abc' });
    expect([response.status, await refusalOf(response)]).toEqual([status, code]);
    expect(response.headers.get('tus-resumable')).toBe('1.0.0');
    expect(await offsetOf(url)).toBe('0');
  });

  test('more bytes than announced are refused', async () => {
    const { url } = await committed(Buffer.from('abc'));
    const response = await patch(url, Buffer.from('abcd'), 0);
    expect([response.status, await refusalOf(response)]).toEqual([413, 'body_too_large']);
  });

  test('HEAD tells offset, length and end; an unknown address tells nothing', async () => {
    const { url } = await committed(Buffer.from('abc'));
    const known = await head(url);
    expect(known.status).toBe(200);
    expect(known.headers.get('upload-length')).toBe('3');
    expect(known.headers.get('cache-control')).toBe('no-store');
    expect(Date.parse(known.headers.get('upload-expires') ?? '')).toBe(nowMs + limits.uploadTtlMs);
    expect((await head(`${api.url}/v1/miner/uploads/upl_${'0'.repeat(48)}`)).status).toBe(404);
    expect((await head(`${api.url}/v1/miner/uploads/..%2f..%2fetc`)).status).toBe(404);
  });

  test('OPTIONS tells what the server can', async () => {
    const { url } = await committed(Buffer.from('abc'));
    const response = await fetch(url, { method: 'OPTIONS' });
    expect(response.status).toBe(204);
    expect(response.headers.get('tus-version')).toBe('1.0.0');
    expect(response.headers.get('tus-extension')).toBe('expiration');
    expect(response.headers.get('tus-max-size')).toBe(String(limits.submissionBytesMax));
  });

  test('an upload whose time is over takes nothing more', async () => {
    const { url } = await committed(Buffer.from('abc'));
    nowMs += limits.uploadTtlMs;
    const response = await patch(url, Buffer.from('abc'), 0);
    expect([response.status, await refusalOf(response)]).toEqual([410, 'upload_expired']);
  });
});
