import type {
  CommitSubmission,
  CommittedSubmission,
  FailRun,
  Heartbeat,
  HeartbeatAnswer,
  Lease,
  LeaseRequest,
  MinerRun,
  Page,
  RegisteredMiner,
  RegisterMiner,
} from '@agon/contracts';
import type { z } from 'zod';
import type { PageOptions } from './client.ts';
import { type Authorize, createTransport, type Fetch, queryOf, urlPath } from './transport.ts';

export type MinerClient = ReturnType<typeof createMinerClient>;

/**
 * The miner protocol. `sign` gives the RFC 9421 headers of a request; uploads carry none, since their address is a
 * secret of its own.
 */
export function createMinerClient(options: { baseUrl: string; sign: Authorize; fetch?: Fetch }) {
  const transport = createTransport({ ...options, authorize: options.sign });
  const unsigned = createTransport({ ...options, authorize: () => ({}) });
  const doFetch = options.fetch ?? fetch;
  /** The bytes from where the service sent us; undefined where they cannot be had there. Nothing of ours is sent along. */
  const fromElsewhere = async (
    location: string | null,
    init: { headers: Record<string, string>; signal: AbortSignal | undefined },
  ): Promise<Response | undefined> => {
    if (location === null || !isFetchable(location, transport.baseUrl)) return undefined;
    const { headers, signal } = init;
    const response = await doFetch(location, { headers, redirect: 'error', ...(signal ? { signal } : {}) }).catch(
      () => {
        signal?.throwIfAborted();
        return undefined;
      },
    );
    if (response?.ok) return response;
    await response?.body?.cancel();
    return undefined;
  };
  const run = (id: string, action: string): string => `${urlPath`/v1/miner/runs/${id}`}/${action}`;
  return {
    baseUrl: transport.baseUrl,
    register: (miner: RegisterMiner) =>
      transport.json<RegisteredMiner>({ method: 'POST', path: '/v1/miner/register', json: miner }),
    /** Waits for work; undefined where there was none in time. */
    lease: async (request: z.input<typeof LeaseRequest>, signal?: AbortSignal): Promise<Lease | undefined> => {
      const response = await transport.send({ method: 'POST', path: '/v1/miner/leases', json: request, signal });
      return response.status === 204 ? undefined : ((await response.json()) as Lease);
    },
    heartbeat: (id: string, beat: Heartbeat) =>
      transport.json<HeartbeatAnswer>({ method: 'POST', path: run(id, 'heartbeat'), json: beat }),
    /**
     * `url` is the path that the lease gave. The service may send the miner to its artifact store for the bytes; where that
     * gives none, or `viaService` is set, the service gives them itself.
     */
    data: async (url: string, settings: DownloadSettings = {}): Promise<Response> => {
      const headers: Record<string, string> = settings.from ? { range: `bytes=${settings.from}-` } : {};
      const { signal } = settings;
      const get = (path: string) => transport.send({ method: 'GET', path, headers, signal, keepsRedirect: true });
      const viaService = () => get(`${pathOf(url)}?via=service`);
      if (settings.viaService) return viaService();
      const answer = await get(pathOf(url));
      if (answer.status !== 307) return answer;
      await answer.body?.cancel();
      return (await fromElsewhere(answer.headers.get('location'), { headers, signal })) ?? viaService();
    },
    commit: (id: string, submission: CommitSubmission) =>
      transport.json<CommittedSubmission>({ method: 'POST', path: run(id, 'submission'), json: submission }),
    /** How many bytes of an upload have arrived (tus 1.0.0, HEAD). */
    uploadOffset: async (url: string): Promise<number> => {
      const headers = { 'tus-resumable': '1.0.0' };
      const response = await unsigned.send({ method: 'HEAD', path: pathOf(url), headers });
      return Number(response.headers.get('upload-offset'));
    },
    /** Appends to an upload (tus 1.0.0, PATCH); answers the new offset. */
    uploadChunk: async (url: string, chunk: { offset: number; bytes: Uint8Array<ArrayBuffer> }): Promise<number> => {
      const headers = {
        'tus-resumable': '1.0.0',
        'content-type': 'application/offset+octet-stream',
        'upload-offset': String(chunk.offset),
      };
      const response = await unsigned.send({ method: 'PATCH', path: pathOf(url), headers, body: chunk.bytes });
      return Number(response.headers.get('upload-offset'));
    },
    finish: (id: string, fence: number) =>
      transport.json<MinerRun>({ method: 'POST', path: run(id, 'finish'), json: { fence } }),
    fail: (id: string, failure: FailRun) =>
      transport.json<MinerRun>({ method: 'POST', path: run(id, 'fail'), json: failure }),
    runs: (page: PageOptions = {}) =>
      transport.json<Page<MinerRun>>({ method: 'GET', path: `/v1/miner/runs${queryOf(page)}` }),
    run: (id: string) => transport.json<MinerRun>({ method: 'GET', path: urlPath`/v1/miner/runs/${id}` }),
  };
}

export type DownloadSettings = {
  /** The first byte that is wanted. */
  readonly from?: number;
  readonly signal?: AbortSignal;
  readonly viaService?: boolean;
};

/** A service that is reached over TLS cannot send a miner to a place without. */
function isFetchable(location: string, baseUrl: string): boolean {
  const protocol = /^(https?:)\/\//.exec(location)?.[1];
  return protocol === 'https:' || (protocol === 'http:' && baseUrl.startsWith('http:'));
}

/** The service may give whole addresses; only the path and query are used, so that a miner talks to one host only. */
function pathOf(url: string): string {
  const parsed = new URL(url, 'http://service.invalid');
  return parsed.pathname + parsed.search;
}
