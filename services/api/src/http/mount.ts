import { AppError } from '@agon/contracts';
import type { Express, NextFunction, Request, Response } from 'express';
import type { RouteDeps } from '../deps.ts';
import { authenticate } from './authenticate.ts';
import { parseInput, parseParams } from './parse-input.ts';
import type { Limiters } from './rate-limit.ts';
import { parseJson, readBody } from './read-body.ts';
import { type Auth, type Caller, type Context, type Route, written } from './route.ts';
import { verifyMiner, verifySigned } from './verify-miner.ts';

/** Aborts when the connection closes before the answer was sent, or when it was. */
function goneSignal(response: Response): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => controller.abort(new AppError('upload_incomplete', 'The client went away.')));
  return controller.signal;
}

/** Who calls, and the body where it had to be read to know. */
async function identify(
  deps: RouteDeps,
  limiters: Limiters,
  route: Route,
  http: { request: Request; response: Response },
): Promise<{ caller: Caller[Auth]; body: Buffer | undefined }> {
  const { request, response } = http;
  if (route.auth === 'key') {
    const caller = await authenticate(deps.stores.keys, request.headers.authorization, route.scopes ?? []);
    await limiters.identity(request, response, caller.keyId);
    return { caller, body: undefined };
  }
  if (route.countedBy === 'path') await limiters.identity(request, response, request.path);
  else if (route.auth !== 'miner' && route.countedBy !== 'nothing') await limiters.stranger(request, response);
  if (route.auth === 'none') return { caller: null, body: undefined };
  const body = await readBody(request, route.bodyBytesMax);
  if (route.auth === 'signature') return { caller: await verifySigned(deps, request, body), body };
  const caller = await verifyMiner(deps, request, body);
  await limiters.identity(request, response, caller.id);
  return { caller, body };
}

async function bodyOf(route: Route, request: Request, read: Buffer | undefined): Promise<unknown> {
  if (!route.request?.body) return undefined;
  const bytes = read ?? (await readBody(request, route.bodyBytesMax));
  return parseInput(route.request.body, parseJson(bytes, request.headers['content-type']));
}

function send(route: Route, response: Response, answer: unknown): void {
  if (answer === written) return;
  if (answer === undefined) {
    response.status(route.orEmpty === undefined ? route.status : 204).end();
    return;
  }
  if (!route.response) throw new TypeError(`${route.operationId} answered although it has no response.`);
  response.set('cache-control', 'no-store').status(route.status).json(route.response.parse(answer));
}

/** Serves a route: who calls, limits, input, work, output; all as its record says. */
function serve(deps: RouteDeps, limiters: Limiters, route: Route) {
  return async (request: Request, response: Response, _next: NextFunction): Promise<void> => {
    response.locals.route = route.path;
    const gone = goneSignal(response);
    const params = route.request?.params ? parseParams(route.request.params, request.params, route.errors) : undefined;
    const { caller, body: read } = await identify(deps, limiters, route, { request, response });
    const query = route.request?.query ? parseInput(route.request.query, { ...request.query }) : undefined;
    const body = await bodyOf(route, request, read);
    const log = deps.log.child({ requestId: response.getHeader('x-request-id') });
    const context: Context<Auth, unknown, unknown, unknown> = {
      ...{ deps, caller, params, query, body, request, response, gone, log },
    };
    send(route, response, await route.handle(context));
  };
}

const methodsOf = (routes: readonly Route[]): string => {
  const methods = new Set(routes.map((route) => route.method.toUpperCase()));
  if (methods.has('GET')) methods.add('HEAD');
  return [...methods].sort().join(', ');
};

/** Puts the routes on the app; any other method of their paths is refused with the methods that there are. */
export function mount(app: Express, routes: readonly Route[], deps: RouteDeps, limiters: Limiters): void {
  for (const route of routes) app[route.method](route.path, serve(deps, limiters, route));
  const paths = new Set(routes.map((route) => route.path));
  for (const path of paths) {
    const allow = methodsOf(routes.filter((route) => route.path === path));
    app.all(path, (request) => {
      throw new AppError('method_not_allowed', `${request.method} is not a method of ${path}.`, { allow });
    });
  }
}
