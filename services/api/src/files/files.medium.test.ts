import { readdir } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { aJobSpec, anOpenJob } from '@agon/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Caller, callerWith, someCsv, startTestApi, type TestApi, uploadFile } from '../testing/test-api.ts';

let api: TestApi;
let caller: Caller;
beforeAll(async () => {
  api = await startTestApi();
  caller = await callerWith(api);
});
afterAll(() => api.close());

const boundary = 'x-boundary';
const part = (headers: string, content: string): string => `--${boundary}\r\n${headers}\r\n\r\n${content}\r\n`;
const filePart = (content: string): string =>
  part(
    'content-disposition: form-data; name="file"; filename="d.csv"\r\ncontent-type: application/octet-stream',
    content,
  );
const purposePart = part('content-disposition: form-data; name="purpose"', 'fine-tune');
const ending = `--${boundary}--\r\n`;

/** Sends pieces as a chunked body, as the OpenAI SDK does; `cut` closes the connection instead of ending. */
function postChunked(pieces: string[], options: { cut?: boolean } = {}): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${api.url}/v1/files`, {
      method: 'POST',
      headers: { authorization: caller.authorization, 'content-type': `multipart/form-data; boundary=${boundary}` },
    });
    request.on('error', reject);
    request.on('response', async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
    });
    (async () => {
      for (const piece of pieces) {
        request.write(piece);
        await sleep(20);
      }
      if (options.cut) request.destroy(new Error('cut'));
      else request.end();
    })().catch(reject);
  });
}

async function storedNames(): Promise<string[]> {
  const entries = await readdir(join(api.folder), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

describe('files', () => {
  test('a chunked body with the file before its purpose is stored as it was sent', async () => {
    const content = someCsv(50);
    const { status, body } = await postChunked([filePart(content), purposePart, ending]);
    expect(status).toBe(200);
    const file = JSON.parse(body);
    expect(file).toMatchObject({ object: 'file', filename: 'd.csv', purpose: 'fine-tune', status: 'processed' });
    expect(file.bytes).toBe(content.length);
    const got = await caller.get(`/v1/files/${file.id}/content`).expect(200);
    expect(got.body.toString()).toBe(content);
  });

  test('a connection that is cut leaves neither a file nor bytes', async () => {
    const before = await storedNames();
    const listed = (await caller.get('/v1/files')).body.data.length;
    await expect(postChunked([filePart('a,b\n1').slice(0, -2), 'half of it'], { cut: true })).rejects.toThrow('cut');
    await expect.poll(storedNames).toEqual(before);
    expect((await caller.get('/v1/files')).body.data.length).toBe(listed);
  });

  test.each([
    ['a form that ends in the middle of the file', [filePart('a,b\n1,2')], 'upload_incomplete'],
    ['an empty file', [filePart(''), purposePart, ending], 'file_empty'],
    ['a form without a file', [purposePart, ending], 'invalid_request'],
    ['another purpose', [filePart('a\n1'), purposePart.replace('fine-tune', 'vision'), ending], 'invalid_request'],
    ['a file under another name', [filePart('a\n1').replace('name="file"', 'name="data"'), ending], 'invalid_request'],
    ['two files', [filePart('a\n1'), filePart('b\n2'), purposePart, ending], 'invalid_request'],
  ])('%s is refused and leaves no bytes', async (_, pieces, code) => {
    const before = await storedNames();
    const { status, body } = await postChunked(pieces);
    expect(status).toBe(400);
    expect(JSON.parse(body).error.code).toBe(code);
    await expect.poll(storedNames).toEqual(before);
  });

  test('a body that is no form is refused by its type', async () => {
    const answer = await caller.post('/v1/files').send({ file: 'x' }).expect(415);
    expect(answer.body.error.code).toBe('unsupported_media_type');
  });

  test('ranges, ETag, HEAD and a range outside are served as RFC 9110 says', async () => {
    const id = await uploadFile(caller, 'abcdefghij');
    const path = `/v1/files/${id}/content`;
    const middle = await caller.get(path).set('range', 'bytes=2-4').expect(206);
    expect(middle.body.toString()).toBe('cde');
    expect(middle.headers['content-range']).toBe('bytes 2-4/10');
    const tail = await caller.get(path).set('range', 'bytes=-3').expect(206);
    expect(tail.body.toString()).toBe('hij');
    await caller
      .get(path)
      .set('if-none-match', middle.headers.etag as string)
      .expect(304);
    const head = await caller.head(path).expect(200);
    expect(head.headers['content-length']).toBe('10');
    const outside = await caller.get(path).set('range', 'bytes=10-').expect(416);
    expect(outside.headers['content-range']).toBe('bytes */10');
    expect(outside.body.error.code).toBe('range_not_satisfiable');
  });

  test('a page names the cursor of the next one', async () => {
    const other = await callerWith(api);
    const ids = [await uploadFile(other, 'a\n1'), await uploadFile(other, 'a\n2'), await uploadFile(other, 'a\n3')];
    const first = (await other.get('/v1/files?limit=2')).body;
    expect(first).toMatchObject({ object: 'list', has_more: true, first_id: ids[2], last_id: ids[1] });
    const second = (await other.get(`/v1/files?limit=2&after=${first.last_id}`)).body;
    expect(second.data.map((file: { id: string }) => file.id)).toEqual([ids[0]]);
    expect(second.has_more).toBe(false);
  });

  test("another account's file is not found", async () => {
    const id = await uploadFile(caller, 'a\n1');
    const stranger = await callerWith(api);
    for (const path of [`/v1/files/${id}`, `/v1/files/${id}/content`]) {
      expect((await stranger.get(path).expect(404)).body.error.code).toBe('file_not_found');
    }
    await stranger.delete(`/v1/files/${id}`).expect(404);
    expect((await stranger.get('/v1/files')).body.data).toEqual([]);
  });

  test('bytes stay while another file has them, and go with the last', async () => {
    const content = `a\n${Math.random()}`;
    const [first, second] = [await uploadFile(caller, content), await uploadFile(caller, content)];
    const { sha256 } = (await caller.get(`/v1/files/${first}`)).body;
    const deleted = await caller.delete(`/v1/files/${first}`).expect(200);
    expect(deleted.body).toEqual({ id: first, object: 'file', deleted: true });
    expect(await api.artifacts.stat(sha256)).toBeDefined();
    await caller.delete(`/v1/files/${second}`).expect(200);
    expect(await api.artifacts.stat(sha256)).toBeUndefined();
    await caller.get(`/v1/files/${second}`).expect(404);
  });

  test('a file that a job still prepares from stays; an open job has its parts', async () => {
    const id = await uploadFile(caller, someCsv(200));
    const created = await caller.post('/v1/jobs').send({ training_file: id, target: 'y' }).expect(200);
    expect((await caller.delete(`/v1/files/${id}`).expect(400)).body.error.code).toBe('file_in_use');
    const { baseline, parts, table } = anOpenJob();
    await api.stores.jobs.move({
      jobId: created.body.id,
      from: 'preparing',
      to: 'open',
      set: { baseline, parts, table, spec: aJobSpec({ training_file: id }) },
      event: { type: 'job.opened', message: 'The job is open.' },
    });
    await caller.delete(`/v1/files/${id}`).expect(200);
  });
});
