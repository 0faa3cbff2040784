import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fixedClock } from '@agon/testing';
import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Caller, callerWith, startTestApi, type TestApi } from '../testing/test-api.ts';

const clock = fixedClock(Date.now());
let api: TestApi;
let caller: Caller;
let client: OpenAI;
beforeAll(async () => {
  api = await startTestApi({ clock });
  caller = await callerWith(api);
  client = new OpenAI({ baseURL: `${api.url}/v1`, apiKey: caller.secret, maxRetries: 0 });
});
afterAll(() => api.close());

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
const begin = (text: string, more: Partial<OpenAI.UploadCreateParams> = {}) =>
  client.uploads.create({
    ...{
      bytes: Buffer.byteLength(text),
      filename: 'rows.jsonl',
      mime_type: 'text/jsonl',
      purpose: 'fine-tune',
      ...more,
    },
  });
const send = async (uploadId: string, text: string): Promise<string> =>
  (await client.uploads.parts.create(uploadId, { data: await toFile(Buffer.from(text), 'part') })).id;
/** An upload of these parts, and their ids. */
async function sent(...texts: string[]): Promise<{ id: string; part_ids: string[] }> {
  const { id } = await begin(texts.join(''));
  const part_ids = await Promise.all(texts.map((text) => send(id, text)));
  return { id, part_ids };
}

async function refusalOf(request: Promise<unknown>) {
  const error = await request.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof OpenAI.APIError)) throw new Error(`No refusal: ${String(error)}`);
  return [error.status, error.code];
}

const blobs = async (): Promise<string[]> =>
  (await readdir(join(api.folder, 'blobs'), { recursive: true })).filter((path) => path.includes('/')).toSorted();

describe('an upload', () => {
  test('becomes a file of its parts in the order that is said, and a repeat answers the same', async () => {
    const { id, part_ids } = await sent('first ', 'second ', 'third');
    const completed = await client.uploads.complete(id, { part_ids, md5: md5('first second third') });
    expect(completed).toMatchObject({ object: 'upload', status: 'completed', bytes: 18 });
    expect(completed.file).toMatchObject({ object: 'file', filename: 'rows.jsonl', bytes: 18, status: 'processed' });
    const file = await client.files.waitForProcessing(completed.file?.id ?? '');
    expect(await (await client.files.content(file.id)).text()).toBe('first second third');
    expect(await client.uploads.complete(id, { part_ids })).toEqual(completed);
    expect(await refusalOf(client.uploads.complete(id, { part_ids: part_ids.toReversed() }))).toEqual([
      400,
      'file_upload_ended',
    ]);
    expect(await refusalOf(send(id, 'late'))).toEqual([400, 'file_upload_ended']);
    expect(await refusalOf(client.uploads.cancel(id))).toEqual([400, 'file_upload_ended']);
  });

  test('keeps only the bytes of its file', async () => {
    const before = await blobs();
    const { id, part_ids } = await sent('one ', 'two ', 'again ');
    await client.uploads.complete(id, { part_ids });
    expect((await blobs()).length).toBe(before.length + 1);
  });

  test('goes on where a part broke off: the part is sent again, the others stay', async () => {
    const { id } = await begin('abcdef');
    const first = await send(id, 'abc');
    const form = new FormData();
    form.set('data', new Blob(['de']));
    const broken = await fetch(`${api.url}/v1/uploads/${id}/parts`, {
      method: 'POST',
      headers: { authorization: caller.authorization, 'content-type': 'multipart/form-data; boundary=b' },
      body: '--b\r\ncontent-disposition: form-data; name="data"; filename="p"\r\n\r\nde',
    });
    expect(broken.status).toBe(400);
    const second = await send(id, 'def');
    const { file } = await client.uploads.complete(id, { part_ids: [first, second] });
    expect(await (await client.files.content(file?.id ?? '')).text()).toBe('abcdef');
  });

  test.each([
    ['too few bytes', ([first]: string[]) => [first]],
    ['a part twice', ([first]: string[]) => [first, first]],
    ['a part that there is not', ([first]: string[]) => [first, 'part_00000000']],
  ])('with %s is refused, and can still be completed', async (_, pick) => {
    const { id, part_ids } = await sent('aaaa', 'bbbb');
    const wrong = pick(part_ids) as string[];
    expect(await refusalOf(client.uploads.complete(id, { part_ids: wrong }))).toEqual([400, 'file_upload_parts_wrong']);
    expect(await refusalOf(client.uploads.complete(id, { part_ids, md5: md5('x') }))).toEqual([
      400,
      'file_upload_md5_mismatch',
    ]);
    expect((await client.uploads.complete(id, { part_ids })).status).toBe('completed');
  });

  test('that is cancelled leaves nothing', async () => {
    const before = await blobs();
    const { id, part_ids } = await sent('to be', ' forgotten');
    expect((await client.uploads.cancel(id)).status).toBe('cancelled');
    expect((await client.uploads.cancel(id)).status).toBe('cancelled');
    expect(await blobs()).toEqual(before);
    expect(await refusalOf(client.uploads.complete(id, { part_ids }))).toEqual([400, 'file_upload_ended']);
  });

  test('takes as many parts at a time as are sent, and one completion of several', async () => {
    const texts = Array.from({ length: 12 }, (_, index) => `part ${index} `);
    const { id, part_ids } = await sent(...texts);
    const answers = await Promise.allSettled([1, 2, 3].map(() => client.uploads.complete(id, { part_ids })));
    expect(answers.filter((answer) => answer.status === 'fulfilled').length).toBeGreaterThan(0);
    const { file } = await client.uploads.complete(id, { part_ids });
    expect(await (await client.files.content(file?.id ?? '')).text()).toBe(texts.join(''));
    const files = (await client.files.list({ limit: 100 })).data.filter((each) => each.id === file?.id);
    expect(files).toHaveLength(1);
  });

  test('of another account, or larger than a file may be, is refused', async () => {
    const { id, part_ids } = await sent('mine');
    const stranger = new OpenAI({ baseURL: `${api.url}/v1`, apiKey: (await callerWith(api)).secret, maxRetries: 0 });
    expect(await refusalOf(stranger.uploads.complete(id, { part_ids }))).toEqual([404, 'file_upload_not_found']);
    expect(await refusalOf(stranger.uploads.cancel(id))).toEqual([404, 'file_upload_not_found']);
    expect(await refusalOf(begin('x', { bytes: 2 ** 40 }))).toEqual([413, 'file_too_large']);
    expect(await refusalOf(begin('x', { purpose: 'vision' }))).toEqual([400, 'invalid_request']);
    expect(await refusalOf(send((await begin('ab')).id, 'abc'))).toEqual([413, 'file_too_large']);
    expect(await refusalOf(send((await begin('ab')).id, ''))).toEqual([400, 'file_empty']);
  });

  test('has twice its bytes for parts that are sent again, no more', async () => {
    const { id } = await begin('abcd');
    await send(id, 'abcd');
    await send(id, 'abcd');
    expect(await refusalOf(send(id, 'abcd'))).toEqual([400, 'file_upload_parts_wrong']);
  });

  test('ends after an hour', async () => {
    const { id, part_ids } = await sent('slow');
    clock.advance(60 * 60 * 1_000);
    expect(await refusalOf(client.uploads.complete(id, { part_ids }))).toEqual([400, 'file_upload_ended']);
    expect(await refusalOf(send(id, 'slow'))).toEqual([400, 'file_upload_ended']);
  });

  test('whose request died after its completion is finished by the same request again', async () => {
    const { id, part_ids } = await sent('cut ', 'off');
    const blob = await api.artifacts.put(
      (async function* () {
        yield Buffer.from('cut off');
      })(),
    );
    const now = new Date(clock.nowMs());
    const file = { id: `file-${id.slice('upload_'.length)}`, sha256: blob.sha256, bytes: blob.bytes };
    await api.stores.fileUploads.complete({ uploadId: id, partIds: part_ids, file, now, dueAt: now });
    await api.artifacts.delete(blob.sha256);
    const completed = await client.uploads.complete(id, { part_ids });
    expect(await (await client.files.content(completed.file?.id ?? '')).text()).toBe('cut off');
  });
});

describe('a file', () => {
  const content = Buffer.from('{"a": 1}\n');

  test('says when it deletes itself', async () => {
    const expires_after = { anchor: 'created_at', seconds: 7_200 } as const;
    const file = await client.files.create({
      file: await toFile(content, 'a.jsonl'),
      purpose: 'fine-tune',
      expires_after,
    });
    expect(file.expires_at).toBe(file.created_at + 7_200);
    const short = { file: await toFile(content, 'a.jsonl'), purpose: 'fine-tune' as const };
    const refusal = refusalOf(client.files.create({ ...short, expires_after: { ...expires_after, seconds: 60 } }));
    expect(await refusal).toEqual([400, 'invalid_request']);
    const { id, part_ids } = await sent('a');
    expect((await client.uploads.complete(id, { part_ids })).file?.expires_at).toBeUndefined();
  });

  test('is listed in either order, page by page', async () => {
    const other = new OpenAI({ baseURL: `${api.url}/v1`, apiKey: (await callerWith(api)).secret });
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c']) {
      clock.advance(1_000);
      ids.push((await other.files.create({ file: await toFile(content, name), purpose: 'fine-tune' })).id);
    }
    const listed = async (order: 'asc' | 'desc') => {
      const found: string[] = [];
      for await (const file of other.files.list({ order, limit: 2, purpose: 'fine-tune' })) found.push(file.id);
      return found;
    };
    expect(await listed('asc')).toEqual(ids);
    expect(await listed('desc')).toEqual(ids.toReversed());
  });
});
