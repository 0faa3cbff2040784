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
    /** `url` is the path that the lease gave. */
    data: (url: string, settings: { from?: number; signal?: AbortSignal } = {}) =>
      transport.send({
        method: 'GET',
        path: pathOf(url),
        headers: settings.from ? { range: `bytes=${settings.from}-` } : {},
        signal: settings.signal,
      }),
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

/** The service may give whole addresses; only the path and query are used, so that a miner talks to one host only. */
function pathOf(url: string): string {
  const parsed = new URL(url, 'http://service.invalid');
  return parsed.pathname + parsed.search;
}
