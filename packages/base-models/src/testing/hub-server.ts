import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type ServedFile = { readonly bytes: Buffer; readonly lfs?: boolean };
export type ServedModel = { commit: string; files: Map<string, ServedFile> };

/** What a test does to one request; true where it answered by itself. */
export type Meddle = (request: IncomingMessage, response: ServerResponse, path: string) => boolean;

export type HubServer = {
  readonly url: string;
  readonly models: Map<string, ServedModel>;
  /** Requests as `GET /path bytes=…`. */
  readonly seen: string[];
  readonly tokens: (string | undefined)[];
  meddle: Meddle;
  close(): Promise<void>;
};

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const gitOid = (bytes: Buffer): string =>
  createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');

export const aCommitId = (number = 1): string => number.toString(16).padStart(40, 'c');

/** Serves files as large ones where they are safetensors. */
export function serveModel(files: ReadonlyMap<string, Buffer>, commit = aCommitId()): ServedModel {
  const entries = [...files].map(([path, bytes]) => [path, { bytes, lfs: path.endsWith('.safetensors') }] as const);
  return { commit, files: new Map(entries) };
}

/** A hub in the protocol of Hugging Face, as far as downloads go (toolchain notes; tried against @huggingface/hub 2.17.5). */
export async function startHubServer(): Promise<HubServer> {
  const models = new Map<string, ServedModel>();
  const seen: string[] = [];
  const tokens: (string | undefined)[] = [];
  const hub = { meddle: (() => false) as Meddle };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://hub.invalid');
    const path = decodeURIComponent(pathname);
    seen.push([request.method, path, request.headers.range].filter(Boolean).join(' '));
    tokens.push(request.headers.authorization);
    if (!hub.meddle(request, response, path)) answer(models, { request, response, path });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    models,
    seen,
    tokens,
    get meddle() {
      return hub.meddle;
    },
    set meddle(meddle: Meddle) {
      hub.meddle = meddle;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type Exchange = { request: IncomingMessage; response: ServerResponse; path: string };

function answer(models: ReadonlyMap<string, ServedModel>, exchange: Exchange): void {
  const { path } = exchange;
  const api = /^\/api\/models\/([^/]+\/[^/]+)\/(revision|tree)\/(.+)$/.exec(path);
  const file = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(path);
  const model = models.get(api?.[1] ?? file?.[1] ?? '');
  const revision = api?.[3] ?? file?.[2] ?? '';
  if (!model || !['main', 'v1', model.commit].includes(revision)) {
    sendJson(exchange, 404, { error: 'Repository not found' }, { 'x-error-code': 'RepoNotFound' });
  } else if (api?.[2] === 'revision') sendJson(exchange, 200, { _id: '1', id: api[1], sha: model.commit });
  else if (api) sendJson(exchange, 200, [...model.files].map(listed));
  else sendFile(exchange, model.files.get(file?.[3] ?? ''));
}

function listed([path, { bytes, lfs }]: [string, ServedFile]): object {
  const entry = { type: 'file', path, size: bytes.length, oid: gitOid(bytes) };
  return lfs ? { ...entry, lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: 133 } } : entry;
}

function sendJson({ response }: Exchange, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

function sendFile(exchange: Exchange, file: ServedFile | undefined): void {
  const { request, response } = exchange;
  if (!file) {
    sendJson(exchange, 404, { error: 'Entry not found' }, { 'x-error-code': 'EntryNotFound' });
    return;
  }
  const { bytes } = file;
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  const start = Number(first ?? 0);
  const end = last ? Math.min(Number(last) + 1, bytes.length) : bytes.length;
  response.writeHead(first === undefined ? 200 : 206, {
    etag: `"${sha256(bytes)}"`,
    'content-length': end - start,
    ...(first === undefined ? {} : { 'content-range': `bytes ${start}-${end - 1}/${bytes.length}` }),
  });
  response.end(bytes.subarray(start, end));
}
