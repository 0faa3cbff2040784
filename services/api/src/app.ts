import { setMaxListeners } from 'node:events';
import { AppError } from '@agon/contracts';
import express, { type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import type { AppDeps, RouteDeps } from './deps.ts';
import { errorResponder } from './http/error-responder.ts';
import { createMetrics, type Metrics } from './http/metrics.ts';
import { mount } from './http/mount.ts';
import { createLimiters } from './http/rate-limit.ts';
import { Tally } from './http/tally.ts';
import { mountHub } from './hub/mount-hub.ts';
import { LeaseDesk } from './leases/lease-desk.ts';
import { mountDocs } from './openapi/docs-page.ts';
import { openApiDocument } from './openapi/openapi-document.ts';
import { routes } from './routes.ts';
import { Turnstile } from './turnstile.ts';

const inspectionsMax = 2;
const inspectionsWaitingMax = 50;

export type Api = {
  readonly app: Express;
  /** Ends what goes on beside requests. */
  readonly close: () => Promise<void>;
};

const idPattern = /^[A-Za-z0-9._-]{8,64}$/;

/** Every answer names its request; a name that the caller gave is kept where it is harmless. */
const requestId =
  (newRequestId: () => string): RequestHandler =>
  (request, response, next) => {
    const given = request.get('x-request-id');
    response.set('x-request-id', given !== undefined && idPattern.test(given) ? given : newRequestId());
    next();
  };

const measure =
  (metrics: Metrics): RequestHandler =>
  (request, response, next) => {
    const stop = metrics.requestSeconds.startTimer();
    response.once('close', () => {
      const route = String(response.locals.route ?? 'none');
      stop({ method: request.method, route, status: response.statusCode });
    });
    next();
  };

/** The application over what it is given; it opens nothing by itself. */
export function buildApp(given: AppDeps, options: { processMetrics?: boolean } = {}): Api {
  // Every long poll and stream listens to it.
  setMaxListeners(0, given.stopping);
  const metrics = createMetrics({
    process: options.processMetrics ?? false,
    queueCounts: given.queueCounts,
    chat: given.chat,
  });
  const leases = new LeaseDesk(given, metrics);
  const inspections = new Turnstile({ passingMax: inspectionsMax, waitingMax: inspectionsWaitingMax });
  const deps: RouteDeps = { ...given, metrics, leases, inspections, streams: new Tally(), joining: new Tally() };
  const limiters = createLimiters(given.settings, given.clock.nowMs);
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', 'simple');
  app.set('trust proxy', given.settings.trustedProxies);
  app.use(requestId(() => `req_${Buffer.from(given.randomBytes(12)).toString('hex')}`));
  app.use(measure(metrics));
  const hsts = given.settings.publicUrl?.startsWith('https:') ?? false;
  app.use(helmet({ hsts, contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"] } } }));
  app.use(limiters.address);
  mountDocs(app);
  const document = JSON.stringify(openApiDocument(given.settings));
  app.get('/openapi.json', (_request, response) => {
    response.type('json').send(document);
  });
  mountHub(app, given);
  mount(app, routes, deps, limiters);
  app.use((request) => {
    throw new AppError('unknown_route', `There is no route ${request.method} ${request.path.slice(0, 200)}.`);
  });
  app.use(errorResponder(given.log));
  const unsubscribe = given.queue.onSignal((signal) => {
    if (signal.kind === 'seats') leases.wake();
  });
  return {
    app,
    close: async () => {
      unsubscribe();
      await leases.close();
    },
  };
}
