import { expect, it } from 'vitest';
import { aBaseModel } from '../base-model-builder.ts';
import { aBlob, aFile, aHash, aModel } from '../builders.ts';
import { aHeldBlob, aHubUpload } from '../hub-builders.ts';
import type { GetContext } from './context.ts';

const hourMs = 60 * 60 * 1_000;
/** Of the server's own clock, which ends what has a time. */
const later = (hours: number): Date => new Date(Date.now() + hours * hourMs);
const soon = (): Date => later(1 / 60);

export function hubBlobContract(context: GetContext): void {
  it('are held for ever, or for a time that never shrinks', async () => {
    const { stores, newId } = context();
    const repoId = newId('repo');
    const [one, two] = [5_001, 5_002].map((number) => aHeldBlob({ repoId, ...aBlob(number), expiresAt: soon() }));
    await stores.hub.blobs.hold([one!, two!]);
    await stores.hub.blobs.hold([
      { ...one!, expiresAt: null },
      { ...two!, expiresAt: later(1) },
    ]);
    await stores.hub.blobs.hold([one!, two!]);
    for (const number of [5_001, 5_002]) expect(await stores.isReferenced(aHash(number))).toBe(true);
    expect(await stores.isReferenced(aHash(5_003))).toBe(false);
    await stores.hub.blobs.deleteByRepo(repoId);
    for (const number of [5_001, 5_002]) expect(await stores.isReferenced(aHash(number))).toBe(false);
  });

  it('belong to an account that has them in a repo, a file or a model; those of base models to everyone', async () => {
    const { stores, newId } = context();
    const accountId = newId('account');
    const blobs = [5_101, 5_102, 5_103, 5_104, 5_105].map((number) => aBlob(number));
    const [repo, file, model, base, nobody] = blobs;
    await stores.hub.blobs.hold([aHeldBlob({ repoId: newId('repo'), accountId, ...repo })]);
    await stores.files.insert(aFile({ id: newId('file'), accountId, ...file }));
    await stores.models.insert(aModel({ id: newId('model'), accountId, files: [{ path: 'model.onnx', ...model! }] }));
    await stores.baseModels.insert(aBaseModel({ id: 'owned/by-all@1', files: [{ path: 'config.json', ...base! }] }));
    const sha256s = blobs.map(({ sha256 }) => sha256);
    expect(await stores.hub.blobs.listOwned({ accountId, sha256s })).toEqual(
      new Set(sha256s.filter((sha256) => sha256 !== nobody!.sha256)),
    );
    const stranger = { accountId: newId('account'), sha256s };
    expect(await stores.hub.blobs.listOwned(stranger)).toEqual(new Set([base!.sha256]));
  });

  it('come by uploads, whose parts may be sent again', async () => {
    const { stores } = context();
    const upload = aHubUpload({ id: 'upload_in_parts_001', partBytes: 100, expiresAt: later(1) });
    await stores.hub.uploads.insertMany([upload]);
    expect(await stores.hub.uploads.find(upload.id)).toEqual(upload);
    const part = { uploadId: upload.id, number: 1, ...aBlob(5_201), expiresAt: later(1) };
    await stores.hub.uploads.putPart({ ...part, number: 2 });
    await stores.hub.uploads.putPart({ ...part, ...aBlob(5_202) });
    await stores.hub.uploads.putPart(part);
    expect(await stores.hub.uploads.listParts(upload.id)).toEqual([part, { ...part, number: 2 }]);
    expect(await stores.isReferenced(aHash(5_201))).toBe(true);
    await stores.hub.uploads.delete(upload.id);
    expect(await stores.hub.uploads.find(upload.id)).toBeUndefined();
    expect(await stores.isReferenced(aHash(5_201))).toBe(false);
  });
}
