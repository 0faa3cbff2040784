import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@agon/contracts';
import type { Clock, Log } from '@agon/kit';
import type { ArtifactStore, BaseModelRecord, BaseModelStore } from '@agon/store';
import { selectFiles } from '../files/select-files.ts';
import { importBaseModel } from '../import-base-model.ts';
import type { ModelBlob } from '../revision.ts';
import { type Hub, type HubFile, type HubModel, hubFiles } from './hub.ts';

export type FetchDeps = {
  readonly stores: { readonly baseModels: BaseModelStore };
  readonly artifacts: ArtifactStore;
  readonly clock: Clock;
  readonly log: Log;
};

/** How far a download is. */
export type FetchProgress = { readonly bytes: number; readonly total: number };

export type FetchOptions = {
  readonly onProgress?: ((progress: FetchProgress) => void) | undefined;
  readonly signal: AbortSignal;
  /** The first wait before another try; it doubles. */
  readonly retryMs?: number;
};

const fruitlessMax = 5;
const retryMsDefault = 500;
const retryMsMax = 10_000;

/**
 * Downloads the files of a model that jobs need, checks each against the hash that the hub names, and makes a base model of
 * them. Large files are staged, so that a later call goes on where this one ended, whatever ended it; they become blobs
 * only when all are there.
 *
 * @throws AppError `base_model_not_found`, `base_model_unavailable`, `base_model_too_large`, `base_model_invalid`,
 * `disk_full`
 */
export async function fetchModel(
  deps: FetchDeps,
  from: { hub: Hub; model: HubModel },
  options: FetchOptions,
): Promise<BaseModelRecord> {
  const { model } = from;
  const selected = await selectFiles(hubFiles(from.hub, model, options.signal));
  const paths = new Set(selected.files.map((file) => file.path));
  const files = model.files.filter((file) => paths.has(file.path));
  const download = new Download(deps, from, options, files);
  const large = files.flatMap((file) => (file.sha256 === null ? [] : [{ ...file, sha256: file.sha256 }]));
  for (const file of large) await download.stage(file);
  const blobs: ModelBlob[] = [];
  for (const file of large) blobs.push(await download.commit(file));
  for (const file of files) if (file.sha256 === null) blobs.push(await download.put(file));
  const { name, revision } = model;
  try {
    return await importBaseModel(deps, { name, revision, source: 'hub', blobs });
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'upload_incomplete') throw error;
    throw new AppError(
      'base_model_unavailable',
      'Files of the base model were collected meanwhile; try again.',
      {},
      error,
    );
  }
}

type LargeFile = HubFile & { readonly sha256: string };

/** One download of one model. */
class Download {
  readonly #deps: FetchDeps;
  readonly #hub: Hub;
  readonly #model: HubModel;
  readonly #options: FetchOptions;
  readonly #done = new Map<string, number>();
  readonly #total: number;

  constructor(deps: FetchDeps, from: { hub: Hub; model: HubModel }, options: FetchOptions, files: readonly HubFile[]) {
    this.#deps = deps;
    this.#hub = from.hub;
    this.#model = from.model;
    this.#options = options;
    this.#total = files.reduce((sum, file) => sum + file.bytes, 0);
  }

  /** Has the bytes of a large file in the staging area, or as a blob. */
  async stage(file: LargeFile): Promise<void> {
    if (await this.#isBlob(file)) return this.#note(file, file.bytes);
    const { staging } = this.#deps.artifacts;
    await staging.create(this.#idOf(file));
    await this.#persist(file, async () => {
      const offset = (await staging.offset(this.#idOf(file))) ?? 0;
      this.#note(file, offset);
      if (offset >= file.bytes) return true;
      const id = this.#idOf(file);
      const source = this.#bytesOf(file, offset);
      const now = await staging.append({ id, offset, bytesMax: file.bytes, source });
      return now >= file.bytes;
    });
  }

  /** Makes a blob of a staged file. Bytes that are not what the hub names are discarded and fetched once more. */
  async commit(file: LargeFile): Promise<ModelBlob> {
    const { artifacts } = this.#deps;
    const blob = { path: file.path, sha256: file.sha256, bytes: file.bytes };
    for (let attempt = 0; !(await this.#isBlob(file)); attempt += 1) {
      if (attempt === 2) throw this.#damaged(file);
      if (attempt > 0) await this.stage(file);
      const good = await artifacts.staging.commit(this.#idOf(file), blob);
      if (!good) this.#deps.log.warn({ file: file.path, model: this.#model.name }, 'a download had another hash');
    }
    await artifacts.staging.discard(this.#idOf(file));
    return blob;
  }

  /** Fetches a file of which the hub knows git's hash only, in one go. */
  async put(file: HubFile): Promise<ModelBlob> {
    let stored: ModelBlob | undefined;
    await this.#persist(file, async () => {
      const git = createHash('sha1').update(`blob ${file.bytes}\0`);
      const source = this.#bytesOf(file, 0, (chunk) => git.update(chunk));
      const blob = await this.#deps.artifacts.put(source, { bytesMax: file.bytes });
      const oid = git.digest('hex');
      if (blob.bytes < file.bytes) return false;
      if (file.gitOid !== null && /^[0-9a-f]{40}$/.test(file.gitOid) && oid !== file.gitOid) throw this.#damaged(file);
      stored = { ...blob, path: file.path };
      return true;
    });
    if (!stored) throw this.#damaged(file);
    return stored;
  }

  async *#bytesOf(
    file: HubFile,
    from: number,
    hear: (chunk: Uint8Array) => void = () => undefined,
  ): AsyncGenerator<Uint8Array> {
    let bytes = from;
    for await (const chunk of this.#hub.stream(this.#model, file.path, { from }, this.#options.signal)) {
      hear(chunk);
      bytes += chunk.length;
      if (bytes > file.bytes) throw this.#damaged(file);
      this.#note(file, bytes);
      yield chunk;
    }
  }

  /** Tries until `work` says that all is there; gives up after five tries in a row that brought nothing. */
  async #persist(file: HubFile, work: () => Promise<boolean>): Promise<void> {
    const { signal, retryMs = retryMsDefault } = this.#options;
    let fruitless = 0;
    let reason: unknown;
    while (fruitless < fruitlessMax) {
      const before = this.#done.get(file.path) ?? 0;
      try {
        if (await work()) return;
      } catch (error) {
        if (!mayPass(error) || signal.aborted) throw error;
        reason = error;
      }
      fruitless = (this.#done.get(file.path) ?? 0) > before ? 0 : fruitless + 1;
      this.#deps.log.warn({ file: file.path, model: this.#model.name, err: reason }, 'a download broke and goes on');
      if (fruitless < fruitlessMax) await sleep(Math.min(retryMsMax, retryMs * 2 ** fruitless), undefined, { signal });
    }
    throw this.#incomplete(file, reason);
  }

  /** Staged bytes of the same file at the same commit, whoever asked for them. */
  #idOf(file: HubFile): string {
    const text = JSON.stringify([this.#hub.url, this.#model.name, this.#model.revision, file.path, file.sha256]);
    return `hub-${createHash('sha256').update(text).digest('hex').slice(0, 40)}`;
  }

  async #isBlob({ sha256, bytes }: LargeFile): Promise<boolean> {
    return (await this.#deps.artifacts.stat(sha256))?.bytes === bytes;
  }

  #note(file: HubFile, bytes: number): void {
    this.#done.set(file.path, Math.min(bytes, file.bytes));
    const sum = [...this.#done.values()].reduce((total, each) => total + each, 0);
    this.#options.onProgress?.({ bytes: sum, total: this.#total });
  }

  #damaged({ path }: HubFile): AppError {
    const message = `${path} of ${this.#model.name} arrived with another hash than ${this.#hub.url} names.`;
    return new AppError('base_model_unavailable', message);
  }

  #incomplete({ path, bytes }: HubFile, reason: unknown): unknown {
    if (reason instanceof AppError && reason.code === 'base_model_unavailable') return reason;
    const done = this.#done.get(path) ?? 0;
    const message = `${path} of ${this.#model.name} broke off after ${done} of ${bytes} bytes, again and again.`;
    return new AppError('base_model_unavailable', message, {}, reason);
  }
}

/** A hub that is away or another download of the same file; what the disk or a refusal says will not change. */
const mayPass = (error: unknown): boolean =>
  error instanceof AppError && ['base_model_unavailable', 'upload_offset_mismatch'].includes(error.code);
