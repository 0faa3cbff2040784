import { once as onceEvent } from 'node:events';
import { createServer, request as openRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cuttableProxy } from '@agon/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mib, piecesOf, refOf, type S3World, startS3World } from '../../testing/s3-world.ts';

let world: S3World;

beforeAll(async () => {
  world = await startS3World();
});
afterAll(() => world?.stop());

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/** A proxy whose owner decides about each request: its body with one bit changed, or a status in place of an answer. */
async function spoilingProxy(target: string) {
  const state = { sent: 0, spoil: (_method: string, _path: string): 'bit' | number | undefined => undefined };
  const server = createServer((incoming, answer) => {
    const { method = '', url = '', headers } = incoming;
    const how = state.spoil(method, url);
    if (typeof how === 'number') {
      incoming.resume();
      answer.writeHead(how).end();
      return;
    }
    const outgoing = openRequest(new URL(url, target), { method, headers }, (from) => {
      answer.writeHead(from.statusCode ?? 500, from.headers);
      from.pipe(answer);
    });
    let first = how === 'bit';
    incoming.on('data', (chunk: Buffer) => {
      state.sent += chunk.length;
      const piece = Buffer.from(chunk);
      if (first) piece[0] = (piece[0] ?? 0) ^ 1;
      first = false;
      outgoing.write(piece);
    });
    incoming.on('end', () => outgoing.end());
  }).listen(0, '127.0.0.1');
  await onceEvent(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { endpoint, state, close: () => server.close() };
}

it('an upload goes on where it was after the server was away in the middle of it', async () => {
  const proxy = await cuttableProxy(world.server.endpoint);
  const store = world.replica(await world.newBucket(proxy.url));
  const id = 'upl_serveraway';
  const ref = await refOf(piecesOf({ end: 16 * mib }));
  await store.staging.create(id);
  const source = piecesOf({ end: ref.bytes }, (at) => {
    if (at >= 12 * mib) proxy.cut();
  });
  const broken = store.staging.append({ id, offset: 0, bytesMax: ref.bytes, source });
  await expect(broken).rejects.toMatchObject({ code: 'not_ready' });
  await expect(store.staging.offset(id)).rejects.toMatchObject({ code: 'not_ready' });
  proxy.restore();
  const offset = (await store.staging.offset(id)) ?? 0;
  expect(offset).toBeGreaterThanOrEqual(8 * mib);
  const rest = piecesOf({ start: offset, end: ref.bytes });
  await store.staging.append({ id, offset, bytesMax: ref.bytes, source: rest });
  expect(await store.staging.commit(id, ref)).toBe(true);
  await proxy.close();
});

it('a put that the server left in the middle is not there, and succeeds when it is sent again', async () => {
  const proxy = await cuttableProxy(world.server.endpoint);
  const store = world.replica(await world.newBucket(proxy.url));
  const ref = await refOf(piecesOf({ end: 30 * mib }));
  const source = piecesOf({ end: 30 * mib }, (at) => {
    if (at >= 20 * mib) proxy.cut();
  });
  await expect(store.put(source)).rejects.toMatchObject({ code: 'not_ready' });
  proxy.restore();
  expect(await store.stat(ref.sha256)).toBeUndefined();
  expect(await store.put(piecesOf({ end: 30 * mib }))).toEqual(ref);
  await proxy.close();
});

it('a server that hiccups is asked again, also in the middle of a blob that is read', async () => {
  const proxy = await cuttableProxy(world.server.endpoint);
  const store = world.replica(await world.newBucket(proxy.url));
  const ref = await store.put(piecesOf({ end: 20 * mib }));
  let cuts = 0;
  async function* shaken() {
    let bytes = 0;
    for await (const piece of store.read(ref.sha256)) {
      bytes += piece.byteLength;
      if (bytes > (cuts + 1) * 4 * mib && cuts < 3) {
        cuts += 1;
        proxy.cut();
        proxy.restore();
      }
      yield piece;
    }
  }
  expect(await refOf(shaken())).toEqual(ref);
  expect(cuts).toBe(3);
  await proxy.close();
});

it('bytes that changed on their way to the server are refused by it, small blobs and parts', async () => {
  const proxy = await spoilingProxy(world.server.endpoint);
  const url = await world.newBucket(proxy.endpoint);
  const store = world.replica(url);
  proxy.state.spoil = (method) => (method === 'PUT' ? 'bit' : undefined);
  await expect(store.put(once('content'))).rejects.toMatchObject({ name: 'BadDigest' });
  await expect(store.put(piecesOf({ end: 20 * mib }))).rejects.toMatchObject({ name: 'BadDigest' });
  expect(await world.keysOf(url)).toEqual([]);
  expect(await world.openUploadsOf(url)).toBe(0);
  proxy.close();
});

it('a source is never far ahead of the server, so that memory does not grow with what is stored', async () => {
  const proxy = await spoilingProxy(world.server.endpoint);
  const { put, staging } = world.replica(await world.newBucket(proxy.endpoint));
  const end = 160 * mib;
  let ahead = 0;
  const watched = () => {
    const before = proxy.state.sent;
    return piecesOf({ end }, (at) => {
      ahead = Math.max(ahead, at - (proxy.state.sent - before));
    });
  };
  await put(watched());
  await staging.create('upl_farahead00');
  await staging.append({ id: 'upl_farahead00', offset: 0, bytesMax: end, source: watched() });
  expect(ahead).toBeGreaterThan(mib);
  expect(ahead).toBeLessThan(36 * mib);
  proxy.close();
});

it('a blob that was damaged on the server is an error, not other bytes', async () => {
  const url = await world.newBucket();
  const store = world.replica(url);
  const { sha256 } = await store.put(once('the right bytes'));
  const key = `blobs/${sha256.slice(0, 2)}/${sha256.slice(2)}`;
  await world.meddle(url, key, { method: 'PUT', body: 'the wrong bytes' });
  await expect(refOf(store.read(sha256))).rejects.toThrow('damaged');
  await expect(store.localPath(sha256)).rejects.toThrow('damaged');
});

it('an upload of which the server lost a part is sent again from there', async () => {
  const url = await world.newBucket();
  const { staging } = world.replica(url);
  const id = 'upl_lostapart0';
  const ref = await refOf(piecesOf({ end: 16 * mib }));
  await staging.create(id);
  await staging.append({ id, offset: 0, bytesMax: ref.bytes, source: piecesOf({ end: ref.bytes }) });
  const chunks = (await world.keysOf(url)).filter((key) => /\/\d{15}-/.test(key));
  await world.meddle(url, chunks[1] ?? '', { method: 'DELETE' });
  const offset = (await staging.offset(id)) ?? 0;
  expect(offset).toBe(8 * mib);
  const source = piecesOf({ start: offset, end: ref.bytes });
  await staging.append({ id, offset, bytesMax: ref.bytes, source });
  expect(await staging.commit(id, ref)).toBe(true);
});

it.each([
  [507, 'disk_full'],
  [503, 'not_ready'],
])('an answer of %i becomes %s', async (status, code) => {
  const proxy = await spoilingProxy(world.server.endpoint);
  const store = world.replica(await world.newBucket(proxy.endpoint));
  proxy.state.spoil = (method) => (method === 'PUT' ? status : undefined);
  await expect(store.put(once('content'))).rejects.toMatchObject({ code });
  proxy.close();
});

it('a bucket that is not there is said as what only the operator can mend', async () => {
  const url = (await world.newBucket()).replace('s3://bucket', 's3://absent-bucket');
  await expect(world.replica(url).put(once('content'))).rejects.toMatchObject({
    code: 'not_ready',
    message: 'The artifact store refuses the service; its operator must look.',
  });
});
