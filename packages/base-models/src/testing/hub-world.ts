import { mkdtemp, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog, systemClock } from '@agon/kit';
import { fileArtifactStore } from '@agon/store';
import { tinyModel } from '@agon/testing';
import type { FetchProgress } from '../hub/fetch-model.ts';
import { openHub } from '../hub/hub.ts';
import { type BaseModels, createBaseModels } from '../resolve-base-model.ts';
import { serveModel, startHubServer } from './hub-server.ts';
import { memoryBaseModels } from './memory-base-models.ts';

export const modelName = 'org/model';
export const weightsFile = 'model.safetensors';

const never = new AbortController().signal;
const silenceMs = 2_000;

export type HubWorld = Awaited<ReturnType<typeof openHubWorld>>;

/** A hub with one tiny model, an empty store, and base models between the two. */
export async function openHubWorld() {
  const server = await startHubServer();
  server.models.set(modelName, serveModel(tinyModel()));
  const folder = await mkdtemp(join(tmpdir(), 'agon-hub-'));
  const artifacts = fileArtifactStore({ folder });
  const store = memoryBaseModels();
  const deps = { stores: { baseModels: store }, artifacts, clock: systemClock, log: silentLog };
  const open = (options: { token?: string; silenceMs?: number } = {}): BaseModels =>
    createBaseModels({ ...deps, hub: openHub({ url: server.url, silenceMs, ...options }) });
  const models = open();

  const ask = (wanted = modelName, from = models) =>
    from.resolve({ name: wanted, task: 'chat', budgetMinutes: 5, miners: [], signal: never });

  type Fetching = { signal?: AbortSignal; onProgress?: (progress: FetchProgress) => void };
  async function fetchAll(from = models, options: Fetching = {}) {
    const { model } = await ask(modelName, from);
    return from.ensure(model, { signal: never, retryMs: 1, ...options });
  }

  async function contentOf(sha256: string): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of artifacts.read(sha256)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  /** Sends only so many bytes of the weights and cuts the connection, for as long as it returns a number. */
  function cutWeights(bytesToSend: () => number | undefined): void {
    server.meddle = (request, response, path) => {
      const whole = server.models.get(modelName)?.files.get(weightsFile)?.bytes;
      if (!whole || !path.endsWith(weightsFile)) return false;
      const start = restFrom(request.headers.range, whole.length);
      const bytes = start === undefined ? undefined : bytesToSend();
      if (start === undefined || bytes === undefined) return false;
      sendCut(response, { whole, start, bytes });
      return true;
    };
  }

  /** Sends the first bytes of the weights and then no more. */
  function cutAfter(bytes: number): void {
    let left = bytes;
    cutWeights(() => {
      const now = left;
      left = 0;
      return now;
    });
  }

  const close = async (): Promise<void> => {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { server, folder, artifacts, store, models, open, ask, fetchAll, contentOf, cutWeights, cutAfter, close };
}

/** Promises all from `start` on, as a part where that is not the beginning, and ends after `bytes`. */
function sendCut(response: ServerResponse, cut: { whole: Buffer; start: number; bytes: number }): void {
  const { whole, start, bytes } = cut;
  const part = { 'content-range': `bytes ${start}-${whole.length - 1}/${whole.length}` };
  response.writeHead(start > 0 ? 206 : 200, { 'content-length': whole.length - start, ...(start > 0 ? part : {}) });
  response.write(whole.subarray(start, start + bytes), () => setTimeout(() => response.destroy(), 5));
}

/** Where a request for the rest of a file begins; undefined for the look at its size and at its header. */
function restFrom(range: string | undefined, bytes: number): number | undefined {
  if (range === undefined) return 0;
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
  return Number(last) === bytes - 1 ? Number(first) : undefined;
}
