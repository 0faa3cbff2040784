import { readdir, readFile, truncate, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLog } from '@agon/kit';
import { fixedClock } from '@agon/testing';
import { artifactStoreContract } from '@agon/testing/artifact-contract';
import { s3Credentials } from '@agon/testing/s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mib, piecesOf, refOf, type S3World, startS3World } from '../../testing/s3-world.ts';
import { openArtifacts, prepareArtifacts } from '../open-artifacts.ts';

const hourMs = 60 * 60_000;
let world: S3World;

beforeAll(async () => {
  world = await startS3World();
});
afterAll(() => world?.stop());

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

artifactStoreContract('the artifact store on S3', async () => {
  const store = world.replica(await world.newBucket());
  return { store, close: async () => store.close() };
});

describe('large blobs', () => {
  it('come back as they were, whole and by ranges, and leave nothing beside them', async () => {
    const url = await world.newBucket();
    const store = world.replica(url);
    const ref = await store.put(piecesOf({ end: 21 * mib }));
    expect(ref).toEqual(await refOf(piecesOf({ end: 21 * mib })));
    expect(await refOf(store.read(ref.sha256))).toEqual(ref);
    const range = { start: 100_000, end: 300_000 };
    expect(await refOf(store.read(ref.sha256, range))).toEqual(await refOf(piecesOf(range)));
    expect(await world.keysOf(url)).toEqual([`blobs/${ref.sha256.slice(0, 2)}/${ref.sha256.slice(2)}`]);
  });

  it('leave no part behind when their source fails or they are too large', async () => {
    const url = await world.newBucket();
    const store = world.replica(url);
    const failing = piecesOf({ end: 30 * mib }, (at) => {
      if (at > 20 * mib) throw new Error('the connection ended');
    });
    await expect(store.put(failing)).rejects.toThrow('the connection ended');
    const tooLarge = store.put(piecesOf({ end: 30 * mib }), { bytesMax: 20 * mib });
    await expect(tooLarge).rejects.toMatchObject({ code: 'file_too_large' });
    expect(await world.keysOf(url)).toEqual([]);
    expect(await world.openUploadsOf(url)).toBe(0);
  });

  it('are listed over many pages', async () => {
    const store = world.replica(await world.newBucket());
    for (let start = 0; start < 1_050; start += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, index) => store.put(once(`blob ${start + index}`))));
    }
    const found = new Set<string>();
    for await (const { sha256 } of store.list()) found.add(sha256);
    expect(found.size).toBe(1_050);
  });

  it('of others below the prefix are not listed', async () => {
    const url = await world.newBucket();
    const { sha256 } = await world.replica(url).put(once('ours'));
    await world.meddle(url, 'blobs/zz/note.txt', { method: 'PUT', body: 'x' });
    const found: string[] = [];
    for await (const blob of world.replica(url).list()) found.push(blob.sha256);
    expect(found).toEqual([sha256]);
  });
});

describe('uploads', () => {
  it('go on at any replica, in appends of any size, and end as few chunks', async () => {
    const url = await world.newBucket();
    const [one, other] = [world.replica(url), world.replica(url)];
    const id = 'upl_replicas0';
    const end = 17 * mib + 5;
    await one.staging.create(id);
    const ends = [10, 1_000, 70_000, 6 * mib, 6 * mib + 1, 15 * mib, 15 * mib + 7, end];
    let start = 0;
    for (const [index, next] of ends.entries()) {
      const { staging } = index % 2 === 0 ? one : other;
      expect(await staging.offset(id)).toBe(start);
      const source = piecesOf({ start, end: next });
      expect(await staging.append({ id, offset: start, bytesMax: end, source })).toBe(next);
      start = next;
    }
    expect((await world.keysOf(url)).length).toBeLessThanOrEqual(1 + Math.ceil(end / (5 * mib)));
    const ref = await refOf(piecesOf({ end }));
    expect(await other.staging.commit(id, ref)).toBe(true);
    expect(await one.staging.commit(id, ref)).toBe(true);
    expect(await refOf(one.read(ref.sha256))).toEqual(ref);
    expect((await world.keysOf(url)).filter((key) => key.startsWith('staging/'))).toHaveLength(1);
    expect(await world.openUploadsOf(url)).toBe(0);
  });

  it('of a byte at a time cost little and end as few chunks', async () => {
    const url = await world.newBucket();
    const { staging } = world.replica(url);
    const id = 'upl_manybytes0';
    await staging.create(id);
    for (let start = 0; start < 80; start += 1) {
      await staging.append({ id, offset: start, bytesMax: 80, source: once('x') });
    }
    expect((await world.keysOf(url)).length).toBeLessThan(40);
    expect(await staging.commit(id, await refOf(once('x'.repeat(80))))).toBe(true);
  });

  it('that end with small chunks are put together, the large ones by the server', async () => {
    const url = await world.newBucket();
    const store = world.replica(url);
    const id = 'upl_smallatend';
    const ref = await refOf(piecesOf({ end: 13 * mib }));
    await store.staging.create(id);
    const cuts = [12 * mib, 12 * mib + 10, 12 * mib + 20, 13 * mib];
    for (const [index, end] of cuts.entries()) {
      const start = cuts[index - 1] ?? 0;
      await store.staging.append({ id, offset: start, bytesMax: ref.bytes, source: piecesOf({ start, end }) });
    }
    expect(await store.staging.commit(id, ref)).toBe(true);
    expect(await refOf(store.read(ref.sha256))).toEqual(ref);
  });

  it('with other bytes than announced become no blob, also large ones', async () => {
    const url = await world.newBucket();
    const { staging, stat } = world.replica(url);
    const id = 'upl_otherbytes';
    const ref = await refOf(piecesOf({ end: 12 * mib }));
    await staging.create(id);
    await staging.append({ id, offset: 0, bytesMax: ref.bytes, source: piecesOf({ start: mib, end: 13 * mib }) });
    expect(await staging.commit(id, ref)).toBe(false);
    expect(await stat(ref.sha256)).toBeUndefined();
    expect(await world.keysOf(url)).toEqual([]);
    expect(await world.openUploadsOf(url)).toBe(0);
  });

  it('to which two replicas write at once keep one line of bytes', async () => {
    const url = await world.newBucket();
    const [one, other] = [world.replica(url), world.replica(url)];
    const id = 'upl_tworacing0';
    const ref = await refOf(piecesOf({ end: 14 * mib }));
    await one.staging.create(id);
    const append = ({ staging }: typeof one, end: number) =>
      staging.append({ id, offset: 0, bytesMax: ref.bytes, source: piecesOf({ end }) });
    await Promise.all([append(one, 7 * mib), append(other, 9 * mib)]);
    const offset = (await one.staging.offset(id)) ?? 0;
    expect([7 * mib, 9 * mib]).toContain(offset);
    const source = piecesOf({ start: offset, end: ref.bytes });
    await one.staging.append({ id, offset, bytesMax: ref.bytes, source });
    expect(await other.staging.commit(id, ref)).toBe(true);
  });

  it('and what else a crash left are removed when their time is long over', async () => {
    const url = await world.newBucket();
    const clock = fixedClock(Date.now());
    const store = world.replica(url, { clock });
    await store.staging.create('upl_00000001');
    await world.meddle(url, 'temporary/left', { method: 'PUT', body: 'x' });
    await world.meddle(url, 'temporary/parts?uploads', { method: 'POST' });
    clock.advance(23 * hourMs);
    await store.put(once('a blob'));
    expect(await world.keysOf(url)).toHaveLength(3);
    clock.advance(2 * hourMs);
    await store.put(once('a blob'));
    expect((await world.keysOf(url)).map((key) => key.split('/')[0])).toEqual(['blobs', 'staging']);
    expect(await world.openUploadsOf(url)).toBe(0);
    clock.advance(24 * hourMs);
    await store.put(once('a blob'));
    expect(await store.staging.offset('upl_00000001')).toBeUndefined();
  });
});

describe('local copies', () => {
  const cached = async (folder: string): Promise<string[]> => {
    const names = await readdir(join(folder, 'blobs'), { recursive: true });
    return names.filter((name) => name.includes('/')).map((name) => name.replace('/', ''));
  };

  it('are made once, also for many who ask at the same time, and again where one was cut short', async () => {
    const store = world.replica(await world.newBucket());
    const { sha256 } = await store.put(once('the content'));
    const paths = await Promise.all(Array.from({ length: 8 }, () => store.localPath(sha256)));
    expect(new Set(paths).size).toBe(1);
    await truncate(paths[0] ?? '', 3);
    expect(await readFile(await store.localPath(sha256), 'utf8')).toBe('the content');
  });

  it('keep to their bound: the least recently used go, never those in use', async () => {
    const url = await world.newBucket();
    const clock = fixedClock(Date.now());
    const store = world.replica(url, { clock, bytesMax: 25 });
    const refs = [];
    for (const letter of 'abcd') refs.push(await store.put(once(letter.repeat(10))));
    const [a, b, c, d] = refs.map(({ sha256 }) => sha256) as [string, string, string, string];
    await store.localPath(a);
    await store.localPath(b);
    await store.localPath(c);
    expect((await cached(store.cacheFolder)).toSorted()).toEqual([a, b, c].toSorted());
    clock.advance(hourMs);
    await store.localPath(a);
    for (const [sha256, minutes] of [[b, 30] as const, [c, 20] as const]) {
      const date = new Date(clock.nowMs() - minutes * 60_000);
      await utimes(join(store.cacheFolder, 'blobs', sha256.slice(0, 2), sha256.slice(2)), date, date);
    }
    await store.localPath(d);
    expect((await cached(store.cacheFolder)).toSorted()).toEqual([a, d].toSorted());
  });

  it('are not given of what was deleted', async () => {
    const store = world.replica(await world.newBucket());
    const { sha256 } = await store.put(once('short-lived'));
    await store.localPath(sha256);
    await store.delete(sha256);
    expect(await cached(store.cacheFolder)).toEqual([]);
    await expect(store.localPath(sha256)).rejects.toThrow(sha256);
  });
});

it('signs addresses that give one blob to anybody, by ranges too', async () => {
  const store = world.replica(await world.newBucket());
  const { sha256 } = await store.put(once('for a miner'));
  const url = (await store.downloadUrl?.(sha256, 60)) ?? '';
  expect(new URL(url).searchParams.get('X-Amz-Expires')).toBe('60');
  const response = await fetch(url, { headers: { range: 'bytes=4-' } });
  expect([response.status, await response.text()]).toEqual([206, 'a miner']);
});

describe('the bucket of a new installation', () => {
  it('is made once, however often it is asked for', async () => {
    const settings = {
      ARTIFACTS_URL: `s3://made-by-us/prefix?endpoint=${encodeURIComponent(world.server.endpoint)}`,
      AWS_ACCESS_KEY_ID: s3Credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3Credentials.secretAccessKey,
      ARTIFACTS_CACHE_GIB: 1,
    };
    expect([await prepareArtifacts(settings), await prepareArtifacts(settings)]).toEqual(['made', 'there']);
    const { artifacts, close } = await openArtifacts(settings, { clock: fixedClock(), log: silentLog });
    const { sha256 } = await artifacts.put(once('first'));
    expect((await artifacts.stat(sha256))?.bytes).toBe(5);
    close();
  });

  it('is not asked for of a folder', async () => {
    expect(await prepareArtifacts({ ARTIFACTS_DIR: '/nowhere', ARTIFACTS_CACHE_GIB: 1 })).toBe('there');
  });
});
