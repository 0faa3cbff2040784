import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { limits } from '@agon/contracts';
import { isPublicAddress } from '@agon/kit';

export type Posting = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** `status` of the answer; null where there was none, and `message` says why. */
export type PostAnswer = { readonly status: number | null; readonly message: string };

export type PostEvent = (posting: Posting) => Promise<PostAnswer>;

/** Finds every address of a name. */
export type Resolve = (
  hostname: string,
  answer: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export type PostOptions = {
  /** Lets events go to private and loopback addresses. */
  readonly privateAddresses: boolean;
  readonly attemptMs?: number;
  readonly resolve?: Resolve;
};

const systemResolve: Resolve = (hostname, answer) => dnsLookup(hostname, { all: true, verbatim: true }, answer);

class RefusedAddress extends Error {
  constructor(address: string) {
    super(`${address} is not a public address.`);
  }
}

/**
 * Looks a name up for a connection and refuses it when any of its addresses is not public. The connection is made to
 * these very addresses, so a name that changes its address afterwards gains nothing.
 */
const publicLookup =
  (resolve: Resolve): LookupFunction =>
  (hostname, options, callback) => {
    resolve(hostname, (error, addresses) => {
      const refused = addresses?.find(({ address }) => !isPublicAddress(address));
      const [first] = addresses ?? [];
      if (error) callback(error, '');
      else if (refused || !first) callback(new RefusedAddress(refused?.address ?? hostname), '');
      else if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };

/** The answer is nobody's to read here, but a server that is cut off while it speaks may take that for a failure. */
function drain(response: IncomingMessage): Promise<void> {
  let bytes = 0;
  return new Promise((resolve) => {
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > limits.webhookAnswerBytesMax) response.destroy();
    });
    response.on('error', () => undefined);
    response.once('close', resolve);
  });
}

function open(posting: Posting, options: Required<PostOptions>, signal: AbortSignal): ClientRequest {
  const { protocol, hostname } = new URL(posting.url);
  const host = hostname.replace(/^\[|\]$/g, '');
  // A literal address is connected to without a lookup.
  if (!options.privateAddresses && isIP(host) !== 0 && !isPublicAddress(host)) throw new RefusedAddress(host);
  const request = protocol === 'https:' ? httpsRequest : httpRequest;
  return request(posting.url, {
    method: 'POST',
    headers: { ...posting.headers, 'content-length': String(Buffer.byteLength(posting.body)) },
    // A connection of its own: what another one was checked for does not count.
    agent: false,
    signal,
    ...(options.privateAddresses ? {} : { lookup: publicLookup(options.resolve) }),
  });
}

const sentence = (status: number): string => {
  if (status >= 200 && status < 300) return `The target answered ${status}.`;
  if (status >= 300 && status < 400) return `The target answered ${status}; redirects are not followed.`;
  return `The target answered ${status} instead of 2xx.`;
};

/**
 * Posts an event once, within a time, to public addresses only. Redirects are not followed, of the answer only the status
 * counts, and its body is read up to a bound.
 */
export function eventPoster(given: PostOptions): PostEvent {
  const options = { attemptMs: limits.webhookAttemptMs, resolve: systemResolve, ...given };
  return async (posting) => {
    const late = AbortSignal.timeout(options.attemptMs);
    try {
      const request = open(posting, options, late);
      const answered = new Promise<IncomingMessage>((resolve, reject) => {
        request.once('response', resolve);
        request.on('error', reject);
      });
      request.end(posting.body);
      const response = await answered;
      await drain(response);
      const status = response.statusCode ?? 0;
      return { status, message: sentence(status) };
    } catch (error) {
      const seconds = Math.round(options.attemptMs / 1_000);
      if (late.aborted) return { status: null, message: `The target did not answer within ${seconds} s.` };
      return { status: null, message: `Nothing was sent: ${faultOf(error)}` };
    }
  };
}

/** One sentence on what went wrong; of a name with several addresses, of the first. */
function faultOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return faultOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
