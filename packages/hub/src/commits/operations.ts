import { AppError, type BlobRef } from '@agon/contracts';
import type { ArtifactStore, ByteSource } from '@agon/store';
import { contentHash, contentOid, pointerOid } from '../tree/oids.ts';
import { type CommitNote, type Tree, type TreeEntry, treeOf } from '../tree/tree.ts';
import { type CommitHeader, type CommitLine, readCommitLines } from './commit-body.ts';

const writesAtOnce = 16;

/** A change of one path. What a `file` points to is stored already; what an `lfs` points to may be anywhere. */
export type Operation =
  | { readonly kind: 'file'; readonly path: string; readonly blob: BlobRef; readonly oid: string }
  | { readonly kind: 'lfs'; readonly path: string; readonly sha256: string; readonly bytes: number | undefined }
  | { readonly kind: 'delete'; readonly path: string; readonly folder: boolean };

type Bytes = Pick<ArtifactStore, 'put' | 'read'>;

async function* once(content: Buffer): ByteSource {
  yield content;
}

export async function storeContent(artifacts: Bytes, path: string, content: Buffer): Promise<Operation> {
  return { kind: 'file', path, blob: await artifacts.put(once(content)), oid: contentOid(content) };
}

/** git's name of a file begins with its size, which is known only after the last byte: so the blob is read again. */
async function storeLong(artifacts: Bytes, line: Extract<CommitLine, { kind: 'long-file' }>): Promise<Operation> {
  const blob = await artifacts.put(line.content);
  const hash = contentHash(blob.bytes);
  for await (const chunk of artifacts.read(blob.sha256)) hash.update(chunk);
  return { kind: 'file', path: await line.path(), blob, oid: hash.digest('hex') };
}

/**
 * Reads a commit, and stores the contents that it carries. A crash leaves blobs that nothing refers to, which are
 * collected.
 *
 * @throws AppError `commit_invalid`, `repo_path_invalid`, `body_too_large`, `disk_full`.
 */
export async function readOperations(
  artifacts: Bytes,
  body: ByteSource,
): Promise<{ header: CommitHeader; operations: Operation[] }> {
  let header: CommitHeader | undefined;
  const slots: (Operation | Promise<Operation>)[] = [];
  const writing = new Set<Promise<Operation>>();
  const begin = (work: Promise<Operation>): void => {
    const slot = slots.push(work) - 1;
    writing.add(work);
    work.then(
      (operation) => {
        slots[slot] = operation;
        writing.delete(work);
      },
      // Stays in the set, so that whoever waits for it next meets the failure.
      () => undefined,
    );
  };
  for await (const line of readCommitLines(body)) {
    if (line.kind === 'header') header ??= line.header;
    else if (line.kind === 'file') begin(storeContent(artifacts, line.path, line.content));
    else if (line.kind === 'long-file') slots.push(await storeLong(artifacts, line));
    else slots.push(line);
    if (writing.size >= writesAtOnce) await Promise.race(writing);
  }
  if (!header) throw new AppError('commit_invalid', 'The first line must be the header.');
  return { header, operations: await Promise.all(slots) };
}

const sameFile = (one: TreeEntry | undefined, two: TreeEntry): boolean =>
  one !== undefined && one.sha256 === two.sha256 && one.lfs === two.lfs;

function remove(files: Map<string, TreeEntry>, path: string, folder: boolean): void {
  const gone = folder ? [...files.keys()].filter((name) => name.startsWith(`${path}/`)) : [path];
  const removed = gone.filter((name) => files.delete(name));
  if (removed.length === 0) {
    throw new AppError('entry_not_found', `There is no ${folder ? 'folder' : 'file'} ${path} to delete.`);
  }
}

/**
 * The tree after the operations, in their order. A file that is as it was keeps the commit that brought it.
 *
 * @throws AppError `entry_not_found` for a deletion of what is not there.
 */
export function applyOperations(
  tree: Tree,
  operations: readonly Operation[],
  since: CommitNote,
): { tree: Tree; changed: boolean } {
  const files = new Map(tree.byPath);
  for (const operation of operations) {
    if (operation.kind === 'delete') {
      remove(files, operation.path, operation.folder);
      continue;
    }
    const entry = entryOf(operation, since);
    if (!sameFile(files.get(entry.path), entry)) files.set(entry.path, entry);
  }
  const same = files.size === tree.entries.length && tree.entries.every((entry) => files.get(entry.path) === entry);
  return same ? { tree, changed: false } : { tree: treeOf(files.values()), changed: true };
}

function entryOf(operation: Exclude<Operation, { kind: 'delete' }>, since: CommitNote): TreeEntry {
  const { path } = operation;
  if (operation.kind === 'file') return { path, ...operation.blob, oid: operation.oid, lfs: false, since };
  const blob = { sha256: operation.sha256, bytes: operation.bytes ?? 0 };
  return { path, ...blob, oid: pointerOid(blob), lfs: true, since };
}
