import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, type MinerClient } from '@agon/client';

const fruitlessMax = 6;
const firstDelayMs = 500;
const delayMsMax = 8_000;

export type RemoteFile = {
  readonly url: string;
  readonly sha256: string;
  readonly bytes: number;
  /** For messages. */
  readonly name: string;
};

/** A file could not be had from the service. */
export class DownloadError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'DownloadError';
  }
}

export type Downloader = Pick<MinerClient, 'data'>;

/**
 * Downloads a file as a stream, from where an earlier try ended, and checks its hash. Tries again for as long as tries
 * bring bytes; gives up after six in a row that brought none.
 *
 * @throws ApiError that no later try can mend, what the disk says, DownloadError
 */
export async function downloadFile(
  client: Downloader,
  file: RemoteFile,
  to: { readonly path: string; readonly signal: AbortSignal },
): Promise<void> {
  let fruitless = 0;
  let last: unknown;
  while (fruitless < fruitlessMax) {
    const before = await sizeOf(to.path);
    try {
      // What the artifact store gave was no use: the service gives it itself.
      await downloadOnce(client, file, { ...to, viaService: fruitless > 0 });
      return;
    } catch (error) {
      if (to.signal.aborted || isFinal(error)) throw error;
      fruitless = (await sizeOf(to.path)) > before ? 0 : fruitless + 1;
      last = error;
    }
    const delayMs = Math.min(delayMsMax, firstDelayMs * 2 ** fruitless);
    if (fruitless < fruitlessMax) await sleep(delayMs, undefined, { signal: to.signal });
  }
  throw new DownloadError(`${file.name} could not be downloaded.`, last);
}

const diskErrors = new Set(['ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS', 'EISDIR']);

const isFinal = (error: unknown): boolean =>
  (error instanceof ApiError && !error.retryable) || diskErrors.has((error as NodeJS.ErrnoException).code ?? '');

async function downloadOnce(
  client: Downloader,
  file: RemoteFile,
  to: { readonly path: string; readonly signal: AbortSignal; readonly viaService: boolean },
): Promise<void> {
  const there = await sizeOf(to.path);
  if (there !== file.bytes || there === 0) {
    const from = there < file.bytes ? there : 0;
    const response = await client.data(file.url, { from, signal: to.signal, viaService: to.viaService });
    await append(response, { path: to.path, from: response.status === 206 ? from : 0, bytesMax: file.bytes });
  }
  if ((await sha256Of(to.path)) === file.sha256) return;
  const arrived = await sizeOf(to.path);
  if (arrived < file.bytes) throw new DownloadError(`The download of ${file.name} ended after ${arrived} bytes.`);
  await (await open(to.path, 'w')).close();
  throw new DownloadError(`The download of ${file.name} has another hash than the lease says.`);
}

async function append(response: Response, to: { path: string; from: number; bytesMax: number }): Promise<void> {
  const out = await open(to.path, to.from > 0 ? 'a' : 'w');
  let bytes = to.from;
  try {
    for await (const chunk of response.body ?? []) {
      bytes += (chunk as Uint8Array).length;
      if (bytes > to.bytesMax)
        throw new DownloadError(`The service sends more than the ${to.bytesMax} bytes that it named.`);
      await out.write(chunk as Uint8Array);
    }
  } finally {
    await out.close();
  }
}

const sizeOf = async (path: string): Promise<number> => (await stat(path).catch(() => undefined))?.size ?? 0;

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}
