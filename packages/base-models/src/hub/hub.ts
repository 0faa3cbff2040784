import { AppError } from '@agon/contracts';
import { downloadFile, listFiles, modelInfo } from '@huggingface/hub';
import { z } from 'zod';
import type { FileEntry, ModelFiles } from '../files/model-files.ts';
import { createHubFetch, type HubFetchOptions } from './hub-fetch.ts';
import { asHubRefusal } from './hub-refusal.ts';

/** A file of a model on a hub. */
export type HubFile = FileEntry & {
  /** sha256 of the content, which a hub knows of large files. */
  readonly sha256: string | null;
  /** SHA-1 of git: of `blob <bytes>\0` and the content, where the file is not a large one. */
  readonly gitOid: string | null;
};

/** A model at one commit. */
export type HubModel = { readonly name: string; readonly revision: string; readonly files: readonly HubFile[] };

export type Hub = {
  /** The origin, for messages. */
  readonly url: string;
  /**
   * Looks a model up; a branch or tag becomes its commit, so that what is found does not change.
   *
   * @throws AppError `base_model_not_found`, `base_model_unavailable`
   */
  find(wanted: { name: string; revision?: string | undefined }, signal: AbortSignal): Promise<HubModel>;
  /** The content of a file from `from` on. @throws as `find` */
  stream(model: HubModel, path: string, range: { from: number; to?: number }, signal: AbortSignal): ByteStream;
};

export type ByteStream = AsyncGenerator<Uint8Array>;

const filesMax = 10_000;

/** A hub that speaks the protocol of Hugging Face. */
export function openHub(options: HubFetchOptions): Hub {
  const hubUrl = options.url.replace(/\/+$/, '');

  async function find(wanted: { name: string; revision?: string | undefined }, signal: AbortSignal): Promise<HubModel> {
    const { name } = wanted;
    const { fetch } = createHubFetch({ ...options, url: hubUrl }, signal);
    try {
      const info = await modelInfo({
        name,
        revision: wanted.revision ?? 'main',
        hubUrl,
        fetch,
        additionalFields: ['sha'],
      });
      const revision = String(info.sha ?? '');
      if (!/^[0-9a-f]{40,64}$/.test(revision)) throw new TypeError(`${hubUrl} gave no commit of ${name}.`);
      const files: HubFile[] = [];
      for await (const entry of listFiles({ repo: name, revision, recursive: true, hubUrl, fetch })) {
        if (files.length >= filesMax)
          throw new AppError('base_model_too_large', `${name} has more than ${filesMax} files.`);
        const file = fileOf(Listed.parse(entry));
        if (file) files.push(file);
      }
      return { name, revision, files };
    } catch (error) {
      throw asHubRefusal(error, { ...wanted, hubUrl, signal });
    }
  }

  async function* stream(
    model: HubModel,
    path: string,
    { from, to }: { from: number; to?: number },
    signal: AbortSignal,
  ): ByteStream {
    const guarded = createHubFetch({ ...options, url: hubUrl }, signal);
    const { name, revision } = model;
    try {
      const whole = await downloadFile({ repo: name, path, revision, hubUrl, fetch: guarded.fetch, xet: false });
      if (!whole) throw new AppError('base_model_not_found', `${name} has no ${path} any more.`);
      const part = from === 0 && to === undefined ? whole : whole.slice(from, to);
      yield* guarded.watch(part.stream() as unknown as AsyncIterable<Uint8Array>);
    } catch (error) {
      throw asHubRefusal(guarded.failure ?? error, { name, revision, hubUrl, signal });
    } finally {
      guarded.close();
    }
  }

  return { url: hubUrl, find, stream };
}

/** What of a listing is read; a hub's word is checked like anybody's. */
const Listed = z.object({
  type: z.string(),
  path: z.string().max(4_096),
  size: z.int().min(0).default(0),
  oid: z.string().optional(),
  lfs: z.object({ oid: z.string(), size: z.int().min(0) }).optional(),
});

function fileOf({ type, path, size, oid, lfs }: z.infer<typeof Listed>): HubFile | undefined {
  if (type !== 'file') return undefined;
  const sha256 = lfs && /^[0-9a-f]{64}$/.test(lfs.oid) ? lfs.oid : null;
  return { path, bytes: lfs?.size ?? size, sha256, gitOid: lfs ? null : (oid ?? null) };
}

/** A model's files for reading small pieces of; what was read once is kept. */
export function hubFiles(hub: Hub, model: HubModel, signal: AbortSignal): ModelFiles {
  const kept = new Map<string, Promise<Uint8Array>>();
  const read = async (path: string, start: number, end: number): Promise<Uint8Array> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of hub.stream(model, path, { from: start, to: end }, signal)) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
  return {
    entries: model.files,
    read(path, start, end) {
      const key = `${start}-${end} ${path}`;
      const reading = kept.get(key) ?? read(path, start, end);
      kept.set(key, reading);
      return reading;
    },
  };
}
