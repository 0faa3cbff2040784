import { z } from 'zod';
import { json } from '../http/exchange.ts';
import { readJson } from '../http/read-body.ts';
import type { HubRoute } from '../http/route.ts';
import { readSnapshot } from '../refs/find-revision.ts';
import { findOwnRepo, nameOf } from '../repos/find-repo.ts';
import type { TreeEntry } from '../tree/tree.ts';
import { refusePullRequest } from './commit-route.ts';

const MIB = 1024 * 1024;
/** Text up to this size travels in the commit; the rest goes by LFS. */
const regularBytesMax = MIB;
/**
 * huggingface_hub from 2.0 on sends large files by Xet wherever `hf_xet` is installed, without asking whether the server
 * has it. What it may put into the commit it sends to every server.
 */
const xetOnly = /\bhf_hub\/([2-9]|\d{2,})\./;
const inlineBytesMax = 256 * MIB;

const Body = z.object({
  files: z.array(
    z.object({
      path: z.string().max(4_096),
      size: z.int().min(0),
      sample: z.string().max(4_096).default(''),
    }),
  ),
});
type Upload = z.infer<typeof Body>['files'][number];

/** Whether a file travels in the commit, or by LFS. */
export function uploadMode({ size, sample }: Omit<Upload, 'path'>, userAgent: string): 'regular' | 'lfs' {
  if (size === 0) return 'regular';
  if (xetOnly.test(userAgent)) return size <= inlineBytesMax ? 'regular' : 'lfs';
  const binary = Buffer.from(sample, 'base64').includes(0);
  return size <= regularBytesMax && !binary ? 'regular' : 'lfs';
}

/** What the client compares its own file to, so that it need not send what is there. */
const knownOid = (entry: TreeEntry | undefined, mode: 'regular' | 'lfs'): string | undefined => {
  if (entry === undefined || entry.lfs !== (mode === 'lfs')) return undefined;
  return entry.lfs ? entry.sha256 : entry.oid;
};

export const preuploadRoute: HubRoute = {
  method: 'POST',
  path: '/api/:types/:namespace/:name/preupload/:revision',
  async handle(context) {
    refusePullRequest(context);
    const repo = await findOwnRepo(context, nameOf(context));
    const { tree } = await readSnapshot(context, { kind: 'repo', repo }, context.params.revision ?? '');
    const { files } = await readJson(context.request, Body);
    const userAgent = context.request.headers.get('user-agent') ?? '';
    return json({
      files: files.map(({ path, ...file }) => {
        const mode = uploadMode(file, userAgent);
        const oid = knownOid(tree.byPath.get(path), mode);
        return { path, uploadMode: mode, shouldIgnore: false, ...(oid === undefined ? {} : { oid }) };
      }),
    });
  },
};

/** What a client asks for that wants to send a file by Xet in spite of all. */
export const xetRoute: HubRoute = {
  method: 'GET',
  path: '/api/:types/:namespace/:name/xet-write-token/:revision',
  handle: async () =>
    json(
      {
        error: `This registry has no Xet. Set HF_HUB_DISABLE_XET=1 to send files above ${inlineBytesMax / MIB} MiB by LFS.`,
      },
      { status: 400 },
    ),
};
