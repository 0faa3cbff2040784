import type { ModelFile } from '@agon/contracts';
import type { ArtifactStore } from '@agon/store';
import {
  type CommitOperation,
  commitIter,
  createRepo,
  HubApiError,
  type ListFileEntry,
  listFiles,
  modelInfo,
} from '@huggingface/hub';
import { compareRepo, type RepoChange } from './compare-repo.ts';
import { guardFetch } from './push-fetch.ts';
import type { PushTarget } from './registry.ts';
import type { RepoContent } from './repo-files.ts';
import { StoredBlob } from './stored-blob.ts';

export type RepoPush = RepoContent & {
  readonly private: boolean;
  readonly title: string;
  readonly description: string;
  /** Hears how much of the bytes that have to move has moved, 0 to 1. */
  readonly onProgress: (share: number) => void;
};

const filesMax = 10_000;
const conflict = 409;

/**
 * Brings a repo on a hub to have exactly these files, in one commit; makes the repo where there is none. What is there
 * already is neither sent nor committed again, so that a push that was cut off goes on where it was.
 *
 * @returns the commit that has the files
 * @throws HubApiError, ForeignRepo, HubSilence, or what `fetch` throws
 */
export async function pushRepo(
  artifacts: Pick<ArtifactStore, 'read'>,
  target: PushTarget,
  push: RepoPush,
  signal: AbortSignal,
): Promise<string> {
  const guard = guardFetch(target.fetch, signal);
  const { hubUrl, accessToken } = target;
  const at = { repo: push.repo, hubUrl, accessToken, fetch: guard.fetch };
  try {
    await ensureRepo(at, push.private);
    const change = await compareRepo(artifacts, await listAll(at), push.files);
    if (change.put.length === 0 && change.remove.length === 0) return await headOf(at);
    const progress = new Progress(change.put, push.onProgress, guard.moved);
    const operations = operationsOf(artifacts, change, progress);
    const steps = commitIter({
      ...at,
      operations,
      title: push.title,
      description: push.description,
      abortSignal: signal,
      useXet: false,
    });
    let step = await steps.next();
    while (!step.done) {
      const { value } = step;
      const sent = value.event === 'fileProgress' && value.state === 'uploading' && value.progress === 1;
      if (sent) progress.end(value.path);
      step = await steps.next();
    }
    return step.value?.commit.oid ?? (await headOf(at));
  } finally {
    guard.close();
  }
}

type At = { repo: string; hubUrl: string; accessToken: string; fetch: typeof fetch };

async function ensureRepo(at: At, isPrivate: boolean): Promise<void> {
  try {
    await createRepo({ ...at, visibility: isPrivate ? 'private' : 'public' });
  } catch (error) {
    if (!(error instanceof HubApiError) || error.statusCode !== conflict) throw error;
  }
}

const headOf = async (at: At): Promise<string> => {
  const { repo: name, ...hub } = at;
  return String((await modelInfo({ name, ...hub, additionalFields: ['sha'] })).sha);
};

async function listAll(at: At): Promise<ListFileEntry[]> {
  const entries: ListFileEntry[] = [];
  for await (const entry of listFiles({ ...at, recursive: true })) {
    if (entries.length === filesMax) break;
    entries.push(entry);
  }
  return entries;
}

function operationsOf(
  artifacts: Pick<ArtifactStore, 'read'>,
  { put, remove }: RepoChange,
  progress: Progress,
): CommitOperation[] {
  const deletions = remove.map((path) => ({ operation: 'delete' as const, path }));
  const additions = put.map(({ path, bytes, sha256 }) => {
    const part = { sha256, start: 0, end: bytes };
    const content = new StoredBlob(artifacts, part, (count) => progress.read(path, count));
    return { operation: 'addOrUpdate' as const, path, content };
  });
  return [...deletions, ...additions];
}

/** Counts each file twice: it is read once to be hashed and once to be sent. */
class Progress {
  readonly #left: Map<string, number>;
  readonly #total: number;
  readonly #onProgress: (share: number) => void;
  readonly #moved: () => void;

  constructor(files: readonly ModelFile[], onProgress: (share: number) => void, moved: () => void) {
    this.#left = new Map(files.map(({ path, bytes }) => [path, 2 * bytes]));
    this.#total = Math.max(1, this.#sum());
    this.#onProgress = onProgress;
    this.#moved = moved;
  }

  read(path: string, bytes: number): void {
    this.#moved();
    this.#set(path, Math.max(0, (this.#left.get(path) ?? 0) - bytes));
  }

  /** The hub has it, whether it was sent or was there. */
  end(path: string): void {
    this.#set(path, 0);
  }

  #set(path: string, left: number): void {
    this.#left.set(path, left);
    this.#onProgress(1 - this.#sum() / this.#total);
  }

  #sum(): number {
    return [...this.#left.values()].reduce((sum, bytes) => sum + bytes, 0);
  }
}
