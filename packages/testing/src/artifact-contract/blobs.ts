import { readFile } from 'node:fs/promises';
import type { ArtifactStore } from '@agon/store';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bytesOf, failingAfter, piecesOf, refOf, textOf } from './bytes.ts';

const unknown = 'f'.repeat(64);

export function blobContract(store: () => ArtifactStore): void {
  const hashes = async () => {
    const found: string[] = [];
    for await (const { sha256 } of store().list()) found.push(sha256);
    return found.toSorted();
  };

  it('come back as they were, however they came in', async () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 2_000 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(pieces, async (chunks) => {
        const bytes = Buffer.concat(chunks);
        const ref = await store().put(piecesOf(...chunks));
        expect(ref).toEqual(refOf(bytes));
        expect(await bytesOf(store().read(ref.sha256))).toEqual(bytes);
        expect(await store().stat(ref.sha256)).toMatchObject({ bytes: bytes.byteLength });
      }),
      { numRuns: 30 },
    );
  });

  it('come back by ranges', async () => {
    const text = 'abcdefghij';
    const { sha256 } = await store().put(piecesOf(text));
    const range = fc.tuple(fc.nat(10), fc.nat(10)).filter(([start, end]) => start <= end);
    await fc.assert(
      fc.asyncProperty(range, async ([start, end]) => {
        expect(await textOf(store().read(sha256, { start, end }))).toBe(text.slice(start, end));
      }),
    );
  });

  it('may be put by many at the same time', async () => {
    const refs = await Promise.all(Array.from({ length: 10 }, () => store().put(piecesOf('the ', 'same'))));
    expect(refs).toEqual(refs.map(() => refOf('the same')));
    expect(await textOf(store().read(refOf('the same').sha256))).toBe('the same');
  });

  it.each([1, 20])('of other bytes than announced are refused, which leaves nothing (%i MiB)', async (mebibytes) => {
    const before = await hashes();
    const bytes = Buffer.alloc(mebibytes * 1024 ** 2, `announced ${mebibytes}`);
    const other = Buffer.from(bytes).fill('other', 0, 5);
    const mismatch = { code: 'upload_hash_mismatch' };
    await expect(store().put(piecesOf(other), { expected: refOf(bytes) })).rejects.toMatchObject(mismatch);
    await expect(store().put(piecesOf('short'), { expected: refOf(bytes) })).rejects.toMatchObject(mismatch);
    expect(await hashes()).toEqual(before);
    expect(await store().put(piecesOf(bytes), { expected: refOf(bytes) })).toEqual(refOf(bytes));
  });

  it('are refused past a bound, which leaves nothing', async () => {
    const before = await hashes();
    const put = store().put(piecesOf('12345', '67890'), { bytesMax: 9 });
    await expect(put).rejects.toMatchObject({ code: 'file_too_large' });
    expect(await hashes()).toEqual(before);
    expect(await store().put(piecesOf('12345', '6789'), { bytesMax: 9 })).toEqual(refOf('123456789'));
  });

  it('whose source fails leave nothing', async () => {
    const before = await hashes();
    await expect(store().put(failingAfter('some bytes'))).rejects.toThrow('the connection ended');
    expect(await hashes()).toEqual(before);
  });

  it('are listed with the time when they were stored, until they are deleted', async () => {
    const { sha256 } = await store().put(piecesOf('to be deleted'));
    const found = [];
    for await (const blob of store().list()) found.push(blob);
    const blob = found.find((one) => one.sha256 === sha256);
    expect(Math.abs(Date.now() - (blob?.storedAt.getTime() ?? 0))).toBeLessThan(60_000);
    await store().delete(sha256);
    await store().delete(sha256);
    expect(await hashes()).not.toContain(sha256);
    expect(await store().stat(sha256)).toBeUndefined();
  });

  it('that are not there cannot be read', async () => {
    await expect(bytesOf(store().read(unknown))).rejects.toThrow(unknown);
    await expect(store().localPath(unknown)).rejects.toThrow(unknown);
    expect(await store().stat(unknown)).toBeUndefined();
  });

  it('have hashes for names and nothing else', async () => {
    for (const name of ['', '..', '../../../etc/passwd', 'F'.repeat(64), `${unknown}/..`, 'f'.repeat(63)]) {
      await expect(bytesOf(store().read(name))).rejects.toThrow(RangeError);
      await expect(store().stat(name)).rejects.toThrow(RangeError);
      await expect(store().delete(name)).rejects.toThrow(RangeError);
    }
  });

  it('have a path on the disk', async () => {
    const { sha256 } = await store().put(piecesOf('on the disk'));
    expect(await readFile(await store().localPath(sha256), 'utf8')).toBe('on the disk');
  });
}
