import { AppError, limits, Sha256 } from '@agon/contracts';
import type { HubRepoRecord, HubUploadRecord } from '@agon/store';
import { z } from 'zod';
import { json } from '../http/exchange.ts';
import { readJson } from '../http/read-body.ts';
import type { HubContext, HubRoute } from '../http/route.ts';
import type { HubDeps } from '../hub-deps.ts';
import { findOwnRepo, nameOf } from '../repos/find-repo.ts';
import { alreadyThere, pendingMs } from './uploaded.ts';

const GIB = 1024 * 1024 * 1024;
/** Up to here a file comes in one piece; above, in parts that can be sent again one by one. */
const partBytesDefault = GIB;
const tokenBytes = 24;

const Body = z.object({
  operation: z.enum(['upload', 'download']),
  transfers: z.array(z.string()).default(['basic']),
  hash_algo: z.string().optional(),
  objects: z.array(z.object({ oid: Sha256, size: z.int().min(0) })).max(limits.lfsObjectsMax),
});
type LfsObject = z.infer<typeof Body>['objects'][number];

const lfsType = { 'content-type': 'application/vnd.git-lfs+json' };
const unprocessable = 422;

/** The address is all that one needs to send the bytes: it says what it is for, cannot be guessed, and ends in a day. */
function newUpload(deps: HubDeps, repo: HubRepoRecord, { oid, size }: LfsObject, inParts: boolean): HubUploadRecord {
  const partBytes = deps.partBytes ?? partBytesDefault;
  return {
    id: Buffer.from(deps.randomBytes(tokenBytes)).toString('base64url'),
    repoId: repo.id,
    accountId: repo.accountId,
    sha256: oid,
    bytes: size,
    partBytes: inParts && size > partBytes ? partBytes : null,
    expiresAt: new Date(deps.clock.nowMs() + pendingMs),
  };
}

/** `00001` and so on, as clients sort them. */
const partName = (index: number): string => String(index + 1).padStart(5, '0');

function uploadAction({ base }: Pick<HubContext, 'base'>, upload: HubUploadRecord) {
  const href = `${base}/lfs/${upload.id}`;
  const facts = { href, expires_at: upload.expiresAt.toISOString() };
  if (upload.partBytes === null) return facts;
  const parts = Array.from({ length: Math.ceil(upload.bytes / upload.partBytes) }, (_, index) => index);
  const urls = parts.map((index) => [partName(index), `${href}/${index + 1}`]);
  return { ...facts, header: { chunk_size: String(upload.partBytes), ...Object.fromEntries(urls) } };
}

const tooLarge = ({ oid, size }: LfsObject) => ({
  oid,
  size,
  error: { code: unprocessable, message: `A file has at most ${limits.fileBytesMax} bytes.` },
});

export const lfsBatchRoute: HubRoute = {
  method: 'POST',
  path: '/{datasets}/:namespace/:name.git/info/lfs/objects/batch',
  async handle(context) {
    const { deps } = context;
    const repo = await findOwnRepo(context, nameOf(context));
    const { operation, transfers, objects } = await readJson(context.request, Body);
    if (operation === 'download') {
      throw new AppError('hub_unsupported', 'Download files from /{repo}/resolve/{revision}/{path}.');
    }
    const inParts = transfers.includes('multipart');
    const sha256s = [...new Set(objects.map(({ oid }) => oid))];
    const there = await alreadyThere(deps, { accountId: repo.accountId, sha256s });
    const missing = objects.filter(({ oid, size }) => there.get(oid) !== size && size <= limits.fileBytesMax);
    const uploads = new Map(missing.map((object) => [object.oid, newUpload(deps, repo, object, inParts)]));
    await deps.stores.hub.uploads.insertMany([...uploads.values()]);
    const answers = objects.map((object) => {
      const upload = uploads.get(object.oid);
      if (upload) return { ...object, authenticated: true, actions: { upload: uploadAction(context, upload) } };
      return object.size > limits.fileBytesMax ? tooLarge(object) : object;
    });
    const transfer = [...uploads.values()].some(({ partBytes }) => partBytes !== null) ? 'multipart' : 'basic';
    return json({ transfer, objects: answers, hash_algo: 'sha256' }, { headers: lfsType });
  },
};

const Verify = z.object({ oid: Sha256, size: z.int().min(0) });

/** Whether an upload is there whole. */
export const lfsVerifyRoute: HubRoute = {
  method: 'POST',
  path: '/{datasets}/:namespace/:name.git/info/lfs/verify',
  async handle(context) {
    const repo = await findOwnRepo(context, nameOf(context));
    const { oid, size } = await readJson(context.request, Verify);
    const there = await alreadyThere(context.deps, { accountId: repo.accountId, sha256s: [oid] });
    if (there.get(oid) === size) return json({ oid, size }, { headers: lfsType });
    throw new AppError('blob_not_uploaded', 'These bytes were not uploaded.');
  },
};
