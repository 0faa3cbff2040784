import { AppError, type Scope } from '@agon/contracts';
import type { ByteSource } from '@agon/store';
import { refusal, toAppError } from './http/errors.ts';
import type { HubAnswer, HubRequest } from './http/exchange.ts';
import { createRouter } from './http/route.ts';
import type { HubCaller, HubDeps } from './hub-deps.ts';
import { hubRoutes } from './routes.ts';
import { createTreeReader } from './tree/tree-reader.ts';

/** Where the registry is below the address of the service. */
export const hubMount = '/hub';

const everyScope: readonly Scope[] = ['jobs:read', 'jobs:write'];

export type Hub = {
  /** Never throws: a failure is an answer too. The bytes of files are named, not read. */
  answer(request: HubRequest, caller: HubCaller): Promise<HubAnswer>;
  /** The same for a request of the Fetch standard. */
  handle(request: Request, caller: HubCaller): Promise<Response>;
  /** A `fetch` that reaches this registry in process, as the account; for clients that take one. */
  fetchAs(accountId: string): typeof fetch;
};

async function* nothing(): ByteSource {}

/** The registry over what it is given; it opens nothing by itself. */
export function buildHub(deps: HubDeps): Hub {
  const route = createRouter(hubRoutes);
  const trees = createTreeReader(deps.artifacts);

  const serve = async (request: HubRequest, caller: HubCaller): Promise<HubAnswer> => {
    const { origin, pathname } = request.url;
    if (!pathname.startsWith(`${hubMount}/`)) throw new AppError('unknown_route', `The registry is at ${hubMount}.`);
    const { route: found, params } = route(request.method, pathname.slice(hubMount.length));
    return found.handle({ deps, trees, caller, params, request, base: `${origin}${hubMount}` });
  };

  const answer: Hub['answer'] = (request, caller) =>
    serve(request, caller).catch((error: unknown) => {
      const failure = toAppError(error);
      const facts = { method: request.method, code: failure.code };
      if (failure.code === 'internal') deps.log.error({ ...facts, err: error }, 'a request to the registry failed');
      else if (!failure.expected) deps.log.warn({ ...facts, err: error }, 'a request to the registry was not served');
      return refusal(failure);
    });

  const handle: Hub['handle'] = async (request, caller) => {
    const { method, headers } = request;
    const body: ByteSource = request.body ?? nothing();
    const {
      status,
      headers: answered,
      body: content,
    } = await answer({ method, headers, url: new URL(request.url), body }, caller);
    if (content === null || typeof content === 'string' || method === 'HEAD') {
      return new Response(method === 'HEAD' ? null : (content as string | null), { status, headers: answered });
    }
    const { sha256, ...range } = content;
    return new Response(ReadableStream.from(deps.artifacts.read(sha256, range)), { status, headers: answered });
  };

  return {
    answer,
    handle,
    fetchAs: (accountId) => (input, init) => handle(new Request(input, init), { accountId, scopes: everyScope }),
  };
}
