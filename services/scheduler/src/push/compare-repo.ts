import { createHash } from 'node:crypto';
import type { ModelFile } from '@agon/contracts';
import type { ArtifactStore } from '@agon/store';
import type { ListFileEntry } from '@huggingface/hub';

/** What must happen in a repo so that it has exactly a model's files. */
export type RepoChange = { readonly put: readonly ModelFile[]; readonly remove: readonly string[] };

/** A repo has files that no push of ours has put there. */
export class ForeignRepo extends Error {
  override readonly name = 'ForeignRepo';
}

/** Files that a repo may have before the first push: those that hubs and people make with it. */
const harmless = new Set(['.gitattributes', '.gitignore', 'README.md', 'LICENSE']);
const ours = 'agon.json';

/**
 * Compares what a repo has with what it should have. Files of an earlier push that the model no longer has go.
 *
 * @throws ForeignRepo where others' files would be mixed with the model's.
 */
export async function compareRepo(
  artifacts: Pick<ArtifactStore, 'read'>,
  listed: readonly ListFileEntry[],
  wanted: readonly ModelFile[],
): Promise<RepoChange> {
  const there = new Map(listed.filter(({ type }) => type === 'file').map((entry) => [entry.path, entry]));
  const kept = new Set(wanted.map(({ path }) => path));
  const others = [...there.keys()].filter((path) => !kept.has(path) && path !== '.gitattributes');
  const foreign = [...there.keys()].find((path) => !harmless.has(path));
  if (!there.has(ours) && foreign !== undefined) throw new ForeignRepo(foreign);
  const put: ModelFile[] = [];
  for (const file of wanted) if (!(await isThere(artifacts, file, there.get(file.path)))) put.push(file);
  return { put, remove: there.has(ours) ? others : [] };
}

async function isThere(
  artifacts: Pick<ArtifactStore, 'read'>,
  file: ModelFile,
  entry: ListFileEntry | undefined,
): Promise<boolean> {
  if (entry === undefined) return false;
  if (entry.lfs) return entry.lfs.oid === file.sha256;
  return entry.size === file.bytes && entry.oid === (await gitOid(artifacts, file));
}

/** What git calls a blob: SHA-1 of `blob <bytes>\0` and the content. */
async function gitOid(artifacts: Pick<ArtifactStore, 'read'>, file: ModelFile): Promise<string> {
  const hash = createHash('sha1').update(`blob ${file.bytes}\0`);
  for await (const chunk of artifacts.read(file.sha256)) hash.update(chunk);
  return hash.digest('hex');
}
