import type { UploadPartRecord } from '@agon/store';
import { expect, it } from 'vitest';
import { aFileUpload } from '../account-builders.ts';
import { aBlob, aFile } from '../builders.ts';
import type { GetContext } from './context.ts';

export function fileUploadContract(context: GetContext): void {
  const at = (ms: number): Date => new Date(ms);
  const bounds = { now: at(1_000), partsMax: 3, bytesMax: 2_000 };

  async function begun(set: Parameters<typeof aFileUpload>[0] = {}) {
    const { stores, newId } = context();
    const upload = aFileUpload({ id: newId('fileUpload'), ...set });
    await stores.fileUploads.insert(upload);
    const aPart = (bytes: number): UploadPartRecord => ({
      ...{ ...aBlob(1_000 + bytes, bytes), id: newId('uploadPart'), uploadId: upload.id },
      ...{ createdAt: at(5), goneAt: upload.goneAt },
    });
    return { upload, uploadId: upload.id, aPart, uploads: stores.fileUploads, stores };
  }

  it('keeps parts of a pending upload within its bounds, whoever sends them at the same time', async () => {
    const { upload, uploadId, aPart, uploads } = await begun();
    const parts = [aPart(600), aPart(600), aPart(600), aPart(600)];
    const kept = await Promise.all(parts.map((part) => uploads.addPart({ part, ...bounds })));
    expect(kept.filter(Boolean)).toHaveLength(3);
    expect(await uploads.listParts(uploadId)).toEqual(parts.filter((_, index) => kept[index]));
    expect(await uploads.find(uploadId)).toEqual({ ...upload, parts: 3, received: 1_800 });
    const second = await begun();
    expect(await second.uploads.addPart({ part: second.aPart(2_001), ...bounds })).toBe(false);
  });

  it('takes nothing after its time or its end', async () => {
    const late = await begun({ expiresAt: at(1_000) });
    expect(await late.uploads.addPart({ part: late.aPart(1), ...bounds })).toBe(false);
    const file = { id: 'file-00000001', ...aBlob(77) };
    const completion = { partIds: ['part_00000001'], file, now: at(1_000), dueAt: at(2_000) };
    expect(await late.uploads.complete({ uploadId: late.uploadId, ...completion })).toBeUndefined();
    const { uploadId, aPart, uploads } = await begun();
    const cancelled = await uploads.end({ uploadId, to: 'cancelled', dueAt: at(2_000) });
    expect(cancelled).toMatchObject({ status: 'cancelled', dueAt: at(2_000) });
    expect(await uploads.end({ uploadId, to: 'expired', dueAt: at(3_000) })).toBeUndefined();
    expect(await uploads.complete({ uploadId, ...completion })).toBeUndefined();
    expect(await uploads.addPart({ part: aPart(1), ...bounds })).toBe(false);
    expect(await uploads.listParts(uploadId)).toEqual([]);
  });

  it('holds the bytes of its parts, then those of its file, until it is settled', async () => {
    const { uploadId, aPart, uploads, stores } = await begun();
    const part = aPart(900);
    await uploads.addPart({ part, ...bounds });
    expect(await stores.isReferenced(part.sha256)).toBe(true);
    const file = { id: 'file-00000002', ...aBlob(78) };
    const completion = { uploadId, partIds: [part.id], file, now: at(1_000), dueAt: at(2_000) };
    expect(await uploads.complete(completion)).toMatchObject({ status: 'completed', file, partIds: [part.id] });
    expect(await uploads.complete(completion)).toBeUndefined();
    expect((await uploads.listDue({ now: at(2_000), limit: 50 })).map((each) => each.id)).toContain(uploadId);
    expect(await stores.isReferenced(file.sha256)).toBe(true);
    expect(await uploads.deleteParts(uploadId)).toEqual([part]);
    await uploads.settle(uploadId);
    expect(await uploads.find(uploadId)).toMatchObject({ status: 'completed', dueAt: null });
    expect(await stores.isReferenced(part.sha256)).toBe(false);
    expect(await stores.isReferenced(file.sha256)).toBe(false);
    expect((await uploads.listDue({ now: at(9_000), limit: 50 })).map((each) => each.id)).not.toContain(uploadId);
  });

  it('lists files oldest first where that is asked, and those whose time is over', async () => {
    const { stores, newId } = context();
    const accountId = newId('account');
    const files = [null, at(2_000)].map((expiresAt) => aFile({ id: newId('file'), accountId, expiresAt }));
    for (const file of files) await stores.files.insert(file);
    expect(await stores.files.list({ accountId, order: 'asc', limit: 1 })).toEqual([files[0]]);
    expect(await stores.files.list({ accountId, order: 'asc', after: files[0]!.id, limit: 5 })).toEqual([files[1]]);
    expect(await stores.files.listExpired({ now: at(1_999), limit: 5 })).toEqual([]);
    expect(await stores.files.listExpired({ now: at(2_000), limit: 5 })).toEqual([files[1]]);
  });
}
