import type { ArtifactStore } from '@agon/store';
import { expect, it } from 'vitest';
import { failingAfter, piecesOf, refOf, textOf } from './bytes.ts';

const bytesMax = 100;

export function stagingContract(store: () => ArtifactStore): void {
  let count = 0;
  async function started(...pieces: string[]): Promise<string> {
    count += 1;
    const id = `upl_${String(count).padStart(8, '0')}`;
    await store().staging.create(id);
    if (pieces.length > 0) await append(id, 0, ...pieces);
    return id;
  }
  const append = (id: string, offset: number, ...pieces: string[]): Promise<number> =>
    store().staging.append({ id, offset, bytesMax, source: piecesOf(...pieces) });
  const offset = (id: string) => store().staging.offset(id);

  it('collects pieces until they are the blob that was announced', async () => {
    const id = await started();
    expect(await offset(id)).toBe(0);
    expect(await append(id, 0, 'one ', 'two')).toBe(7);
    expect(await append(id, 7, ' three')).toBe(13);
    expect(await offset(id)).toBe(13);
    expect(await store().staging.commit(id, refOf('one two three'))).toBe(true);
    expect(await textOf(store().read(refOf('one two three').sha256))).toBe('one two three');
  });

  it('keeps what is there when an upload is made again', async () => {
    const id = await started('some');
    await store().staging.create(id);
    expect(await offset(id)).toBe(4);
  });

  it('refuses another offset than the one reached', async () => {
    const id = await started('some');
    for (const wrong of [0, 3, 5]) {
      await expect(append(id, wrong, 'x')).rejects.toMatchObject({ code: 'upload_offset_mismatch' });
    }
    expect(await offset(id)).toBe(4);
  });

  it('knows only uploads that were made', async () => {
    expect(await offset('upl_unknown0')).toBeUndefined();
    await expect(append('upl_unknown0', 0, 'x')).rejects.toMatchObject({ code: 'upload_not_found' });
    const commit = store().staging.commit('upl_unknown0', refOf('x'));
    await expect(commit).rejects.toMatchObject({ code: 'upload_not_found' });
  });

  it('keeps what arrived before the source failed', async () => {
    const id = await started();
    const source = failingAfter('what', ' arrived');
    await expect(store().staging.append({ id, offset: 0, bytesMax, source })).rejects.toThrow('the connection ended');
    expect(await offset(id)).toBe(12);
    expect(await append(id, 12, ' and the rest')).toBe(25);
    expect(await store().staging.commit(id, refOf('what arrived and the rest'))).toBe(true);
  });

  it('refuses bytes past the bound and keeps those before it', async () => {
    const id = await started('12345');
    const source = piecesOf('678', '90');
    const more = store().staging.append({ id, offset: 5, bytesMax: 9, source });
    await expect(more).rejects.toMatchObject({ code: 'body_too_large' });
    expect(await offset(id)).toBe(8);
  });

  it('discards bytes that are not those announced', async () => {
    for (const expected of [refOf('other'), { ...refOf('bytes'), bytes: 4 }]) {
      const id = await started('bytes');
      expect(await store().staging.commit(id, expected)).toBe(false);
      expect(await offset(id)).toBeUndefined();
    }
    expect(await store().stat(refOf('other').sha256)).toBeUndefined();
  });

  it('answers a commit that is repeated, and keeps telling how many bytes there were', async () => {
    const id = await started('committed twice');
    const ref = refOf('committed twice');
    expect(await store().staging.commit(id, ref)).toBe(true);
    expect(await store().staging.commit(id, ref)).toBe(true);
    expect(await offset(id)).toBe(ref.bytes);
  });

  it('gives nobody a blob whose bytes he did not send', async () => {
    const ref = await store().put(piecesOf("a rival's model"));
    const empty = await started();
    expect(await store().staging.commit(empty, ref)).toBe(false);
    await expect(store().staging.commit(empty, ref)).rejects.toMatchObject({ code: 'upload_not_found' });
    const own = await started('own model');
    expect(await store().staging.commit(own, refOf('own model'))).toBe(true);
    await expect(store().staging.commit(own, ref)).rejects.toMatchObject({ code: 'upload_not_found' });
  });

  it('lets the later of two writers go on where the earlier one hangs', async () => {
    const id = await started();
    async function* hanging() {
      yield Buffer.from('first ');
      await new Promise(() => undefined);
    }
    const first = store().staging.append({ id, offset: 0, bytesMax, source: hanging() });
    const stopped = expect(first).rejects.toMatchObject({ code: 'upload_offset_mismatch' });
    await expect.poll(() => offset(id)).toBe(6);
    expect(await append(id, 6, 'second')).toBe(12);
    await stopped;
    expect(await store().staging.commit(id, refOf('first second'))).toBe(true);
  });

  it("lets the last of many writers through, and mixes nobody else's bytes in", async () => {
    const id = await started();
    async function* slowly(letter: string) {
      for (let index = 0; index < 5; index += 1) {
        await new Promise(setImmediate);
        yield Buffer.from(letter.repeat(4));
      }
    }
    const appends = [...'abcdefgh'].map((letter) =>
      store().staging.append({ id, offset: 0, bytesMax, source: slowly(letter) }),
    );
    const writes = await Promise.allSettled(appends);
    const refused = writes.filter((write) => write.status === 'rejected').map((write) => write.reason.code);
    expect(refused).toEqual(Array.from({ length: 7 }, () => 'upload_offset_mismatch'));
    expect(writes.at(-1)).toMatchObject({ status: 'fulfilled', value: 20 });
    expect(await store().staging.commit(id, refOf('h'.repeat(20)))).toBe(true);
  });

  it('forgets an upload that is discarded', async () => {
    const id = await started('bytes');
    await store().staging.discard(id);
    await store().staging.discard(id);
    expect(await offset(id)).toBeUndefined();
  });

  it('refuses ids that lead elsewhere', async () => {
    for (const id of ['..', '../blobs', '/tmp/x', 'a/../../x']) {
      await expect(store().staging.create(id)).rejects.toThrow(RangeError);
      await expect(store().staging.discard(id)).rejects.toThrow(RangeError);
    }
  });
}
