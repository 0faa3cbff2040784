import { AppError } from '@agon/contracts';
import { type ByteRange, parseRange } from '@agon/kit';
import { empty, type HubAnswer, text } from '../http/exchange.ts';
import type { HubContext, HubRoute } from '../http/route.ts';
import { readSnapshot, type Snapshot } from '../refs/find-revision.ts';
import { findRepo, nameOf } from '../repos/find-repo.ts';
import { lfsPointer } from '../tree/oids.ts';
import type { TreeEntry } from '../tree/tree.ts';
import { contentTypeOf } from './content-type.ts';

type FoundFile = { readonly snapshot: Snapshot; readonly entry: TreeEntry; readonly isPrivate: boolean };

/** @throws AppError `repo_not_found`, `revision_not_found`, `entry_not_found`. */
async function findFile(context: HubContext): Promise<FoundFile> {
  const found = await findRepo(context, nameOf(context));
  const { revision = '', path = '' } = context.params;
  const snapshot = await readSnapshot(context, found, revision);
  const entry = snapshot.tree.byPath.get(path);
  if (!entry) {
    const shown = JSON.stringify(path.slice(0, 200));
    throw new AppError('entry_not_found', `There is no file ${shown} at ${revision.slice(0, 100)}.`);
  }
  return { snapshot, entry, isPrivate: found.kind === 'repo' && found.repo.private };
}

const nameForDisk = (path: string): string => {
  const name = path.split('/').at(-1) ?? '';
  const plain = name.replace(/[^\x20-\x7e]|["\\]/g, '_');
  return `inline; filename*=UTF-8''${encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)}; filename="${plain}"`;
};

const etagOf = (entry: TreeEntry): string => `"${entry.lfs ? entry.sha256 : entry.oid}"`;

function headersOf({ snapshot, entry, isPrivate }: FoundFile): Record<string, string> {
  const etag = etagOf(entry);
  return {
    etag,
    'x-repo-commit': snapshot.commit.id,
    'accept-ranges': 'bytes',
    'cache-control': isPrivate ? 'private, no-cache' : 'no-cache',
    'content-disposition': nameForDisk(entry.path),
    'content-type': contentTypeOf(entry.path),
    ...(entry.lfs ? { 'x-linked-size': String(entry.bytes), 'x-linked-etag': etag } : {}),
  };
}

const matches = (header: string | null, etag: string): boolean =>
  header !== null && (header === '*' || header.split(',').some((each) => each.trim().replace(/^W\//, '') === etag));

/** The range that is asked for, unless the file is another than the one that the client began with. */
function rangeOf(request: HubContext['request'], entry: TreeEntry): ByteRange | undefined {
  const ifRange = request.headers.get('if-range');
  if (ifRange !== null && ifRange !== etagOf(entry)) return undefined;
  return parseRange(request.headers.get('range') ?? undefined, entry.bytes);
}

/** An empty file has no range; clients that look at its first byte take its size from this. */
const emptyFile = (headers: Record<string, string>, asked: boolean): HubAnswer =>
  empty(200, { ...headers, 'content-length': '0', ...(asked ? { 'content-range': 'bytes */0' } : {}) });

function serve(request: HubContext['request'], file: FoundFile): HubAnswer {
  const { entry } = file;
  const headers = headersOf(file);
  if (matches(request.headers.get('if-none-match'), etagOf(entry))) return empty(304, headers);
  if (entry.bytes === 0) return emptyFile(headers, request.headers.has('range'));
  const range = rangeOf(request, entry);
  const { start, end } = range ?? { start: 0, end: entry.bytes };
  return {
    status: range ? 206 : 200,
    headers: {
      ...headers,
      'content-length': String(end - start),
      ...(range ? { 'content-range': `bytes ${start}-${end - 1}/${entry.bytes}` } : {}),
    },
    body: { sha256: entry.sha256, start, end },
  };
}

export const resolveRoute: HubRoute = {
  method: 'GET',
  path: '/{datasets}/:namespace/:name/resolve/:revision/*path',
  async handle(context) {
    const file = await findFile(context);
    try {
      return serve(context.request, file);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'range_not_satisfiable') throw error;
      return empty(error.status, { 'content-range': `bytes */${file.entry.bytes}` });
    }
  },
};

/** What git itself has: of a large file its pointer. */
export const rawRoute: HubRoute = {
  method: 'GET',
  path: '/{datasets}/:namespace/:name/raw/:revision/*path',
  async handle(context) {
    const file = await findFile(context);
    if (!file.entry.lfs) return serve(context.request, file);
    return text(lfsPointer(file.entry), { 'x-repo-commit': file.snapshot.commit.id, 'cache-control': 'no-cache' });
  },
};
