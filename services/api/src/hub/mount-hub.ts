import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError } from '@agon/contracts';
import { buildHub, type HubAnswer, type HubCaller, type HubRequest, hubMount, refusal, toAppError } from '@agon/hub';
import type { ByteSource } from '@agon/store';
import type { Express, Request, Response } from 'express';
import type { AppDeps } from '../deps.ts';
import { authenticate } from '../http/authenticate.ts';
import { stopReading } from '../http/error-responder.ts';
import { createLimiters, type Limiters } from '../http/rate-limit.ts';

/** A download of a repo makes two requests a file. */
const requestsShare = 10;

/** Clients insist on tokens that begin with `hf_`: an API key may have it in front. */
const withoutMark = (authorization: string): string => authorization.replace(/^(bearer +)hf_/i, '$1');

/** Who calls. The address of an upload is a secret of its own; whoever has none is counted by where he comes from. */
async function identify(
  deps: AppDeps,
  limiters: Limiters,
  { request, response }: { request: Request; response: Response },
): Promise<HubCaller> {
  const { authorization } = request.headers;
  if (authorization === undefined) {
    await limiters.stranger(request, response);
    return null;
  }
  const caller = await authenticate(deps.stores.keys, withoutMark(authorization), []);
  await limiters.identity(request, response, caller.keyId);
  return caller;
}

/** The address as the client wrote it, so that the addresses in our answers work for it too. */
function addressOf(request: Request): URL {
  const address = `${request.protocol}://${request.headers.host ?? ''}${request.originalUrl}`;
  if (URL.canParse(address)) return new URL(address);
  throw new AppError('invalid_request', 'The address or the host of the request is malformed.');
}

async function* bodyOf(request: Request): ByteSource {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    throw new AppError('unsupported_media_type', `Send the body as it is, without content-encoding ${encoding}.`);
  }
  try {
    yield* request.iterator({ destroyOnReturn: false });
  } catch (error) {
    throw new AppError('upload_incomplete', 'The connection ended before the body did.', {}, error);
  }
}

const hubRequest = (request: Request): HubRequest => {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) headers.set(name, String(value));
  return { method: request.method, url: addressOf(request), headers, body: bodyOf(request) };
};

async function send(
  { artifacts }: Pick<AppDeps, 'artifacts'>,
  { request, response }: { request: Request; response: Response },
  { status, headers, body }: HubAnswer,
): Promise<void> {
  if (response.headersSent || request.socket.destroyed) {
    request.socket.destroy();
    return;
  }
  response.status(status).set(headers);
  if (status >= 400) stopReading(request);
  if (body === null || typeof body === 'string' || request.method === 'HEAD') {
    response.end(body === null || typeof body === 'string' ? body : undefined);
    return;
  }
  const { sha256, ...range } = body;
  await pipeline(Readable.from(artifacts.read(sha256, range), { objectMode: false }), response);
}

/** Serves the registry. Bodies of uploads and downloads are streamed. */
export function mountHub(app: Express, deps: AppDeps): void {
  const hub = buildHub(deps);
  const requestsPerMinuteMax = deps.settings.requestsPerMinuteMax * requestsShare;
  const limiters = createLimiters({ ...deps.settings, requestsPerMinuteMax }, deps.clock.nowMs);

  const answerOf = async (http: { request: Request; response: Response }): Promise<HubAnswer> => {
    try {
      const caller = await identify(deps, limiters, http);
      return await hub.answer(hubRequest(http.request), caller);
    } catch (error) {
      return refusal(toAppError(error));
    }
  };

  app.use(hubMount, async (request, response) => {
    response.locals.route = hubMount;
    const http = { request, response };
    await send(deps, http, await answerOf(http));
  });
}
