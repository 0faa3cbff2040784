import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fixedClock } from '@agon/testing';
import { artifactStoreContract } from '@agon/testing/artifact-contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileArtifactStore } from './file-artifact-store.ts';

const hourMs = 60 * 60 * 1000;
const newFolder = () => mkdtemp(join(tmpdir(), 'agon-artifacts-'));
const remove = (folder: string) => rm(folder, { recursive: true, force: true });

artifactStoreContract('the artifact store in a folder', async () => {
  const folder = await newFolder();
  return { store: fileArtifactStore({ folder }), close: () => remove(folder) };
});

describe('files', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await newFolder();
  });
  afterEach(() => remove(folder));

  async function* chunks(count: number, each: () => Promise<void> = async () => undefined) {
    for (let index = 0; index < count; index += 1) {
      await each();
      yield Buffer.alloc(1_000, index);
    }
  }

  it('are taken from the source at most a chunk ahead of the disk', async () => {
    const store = fileArtifactStore({ folder });
    const ahead: number[] = [];
    let given = 0;
    const look = async () => {
      const [name] = await readdir(join(folder, 'temporary'));
      const written = name ? (await stat(join(folder, 'temporary', name))).size : 0;
      ahead.push(given - written);
      given += 1_000;
    };
    await store.put(chunks(20, look));
    expect(Math.max(...ahead)).toBeLessThanOrEqual(1_000);
    expect(ahead).toHaveLength(20);
  });

  it('leave nothing in the temporary folder, also where the source fails', async () => {
    const store = fileArtifactStore({ folder });
    await store.put(chunks(3));
    const failing = chunks(3, () => Promise.reject(new Error('no more')));
    await expect(store.put(failing)).rejects.toThrow('no more');
    expect(await readdir(join(folder, 'temporary'))).toEqual([]);
  });

  it('begin a new age when equal bytes are put again', async () => {
    const store = fileArtifactStore({ folder });
    const { sha256 } = await store.put(chunks(1));
    await utimes(await store.localPath(sha256), new Date(0), new Date(0));
    await store.put(chunks(1));
    expect((await store.stat(sha256))?.storedAt.getTime()).toBeGreaterThan(Date.now() - hourMs);
  });

  it('that a crash left behind are removed after a day', async () => {
    const clock = fixedClock(Date.now());
    await mkdir(join(folder, 'temporary'), { recursive: true });
    const ages = { young: 23, old: 25 };
    for (const [name, hours] of Object.entries(ages)) {
      const path = join(folder, 'temporary', name);
      await writeFile(path, 'left');
      const date = new Date(clock.nowMs() - hours * hourMs);
      await utimes(path, date, date);
    }
    const store = fileArtifactStore({ folder, clock });
    await store.put(chunks(1));
    expect(await readdir(join(folder, 'temporary'))).toEqual(['young']);
    clock.advance(2 * hourMs);
    await store.put(chunks(1));
    expect(await readdir(join(folder, 'temporary'))).toEqual([]);
  });

  it('of uploads whose time is long over are removed', async () => {
    const clock = fixedClock(Date.now());
    const store = fileArtifactStore({ folder, clock });
    await store.staging.create('upl_00000001');
    clock.advance(47 * hourMs);
    await store.staging.create('upl_00000002');
    expect(await store.staging.offset('upl_00000001')).toBe(0);
    clock.advance(2 * hourMs);
    await store.staging.create('upl_00000003');
    expect(await store.staging.offset('upl_00000001')).toBeUndefined();
  });

  it('of committed uploads stay as they are when another process still writes to the upload', async () => {
    const store = fileArtifactStore({ folder });
    await store.staging.create('upl_00000001');
    await store.staging.append({ id: 'upl_00000001', offset: 0, bytesMax: 10_000, source: chunks(2) });
    const late = await open(join(folder, 'staging', 'upl_00000001'), 'r+');
    const announced = await store.put(chunks(2));
    await store.delete(announced.sha256);
    expect(await store.staging.commit('upl_00000001', announced)).toBe(true);
    await late.write('other bytes', 0);
    await late.close();
    const path = await store.localPath(announced.sha256);
    expect(await readFile(path)).toEqual(Buffer.concat([Buffer.alloc(1_000, 0), Buffer.alloc(1_000, 1)]));
    expect(await readdir(join(folder, 'staging'))).toEqual(['upl_00000001.committed']);
    expect(await readdir(join(folder, 'temporary'))).toEqual([]);
  });

  it('say disk_full where no room is left', async () => {
    const store = fileArtifactStore({ folder });
    await symlink('/dev/full', join(folder, 'staging', 'upl_00000001'));
    const append = store.staging.append({ id: 'upl_00000001', offset: 0, bytesMax: 10_000, source: chunks(1) });
    await expect(append).rejects.toMatchObject({ code: 'disk_full', status: 507 });
  });

  it('say disk_full also where the source keeps them waiting after the bytes that had no room', async () => {
    const store = fileArtifactStore({ folder });
    await symlink('/dev/full', join(folder, 'staging', 'upl_00000001'));
    const slow = chunks(2, () => new Promise((resolve) => setTimeout(resolve, 20)));
    const append = store.staging.append({ id: 'upl_00000001', offset: 0, bytesMax: 10_000, source: slow });
    await expect(append).rejects.toMatchObject({ code: 'disk_full' });
  });

  it('keep what came before their source failed, so that an upload goes on from there', async () => {
    const store = fileArtifactStore({ folder });
    await store.staging.create('upl_00000001');
    let given = 0;
    const failing = chunks(3, async () => {
      given += 1;
      if (given === 3) throw new Error('no more');
    });
    const append = store.staging.append({ id: 'upl_00000001', offset: 0, bytesMax: 10_000, source: failing });
    await expect(append).rejects.toThrow('no more');
    expect(await store.staging.offset('upl_00000001')).toBe(2_000);
  });

  it('of others in the folder of blobs are not listed', async () => {
    const store = fileArtifactStore({ folder });
    const { sha256 } = await store.put(chunks(1));
    await mkdir(join(folder, 'blobs', 'zz'));
    await writeFile(join(folder, 'blobs', 'zz', 'note.txt'), 'x');
    const found: string[] = [];
    for await (const blob of store.list()) found.push(blob.sha256);
    expect(found).toEqual([sha256]);
  });

  it('cannot be kept where the folder cannot be made', async () => {
    await writeFile(join(folder, 'file'), '');
    expect(() => fileArtifactStore({ folder: join(folder, 'file', 'artifacts') })).toThrow();
  });
});
