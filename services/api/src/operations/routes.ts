import { AppError, PublicKey } from '@agon/contracts';
import { failingChecks, type HealthChecks } from '@agon/kit';
import { z } from 'zod';
import type { RouteDeps } from '../deps.ts';
import { route, written } from '../http/route.ts';

const shared = { method: 'get', tag: 'Operations', auth: 'none', countedBy: 'nothing', status: 200 } as const;

const landing = route({
  ...shared,
  path: '/',
  operationId: 'landing',
  summary: 'Where to go',
  response: z.object({ name: z.string(), version: z.string(), links: z.record(z.string(), z.string()) }),
  errors: [],
  async handle({ deps }) {
    const links = {
      docs: '/docs',
      openapi: '/openapi.json',
      miners: '/v1/miners',
      health: '/readyz',
      metrics: '/metrics',
    };
    return { name: 'agon', version: deps.settings.version, links };
  },
});

const healthz = route({
  ...shared,
  path: '/healthz',
  operationId: 'healthz',
  summary: 'Whether the process answers',
  response: z.object({ status: z.literal('ok') }),
  errors: [],
  async handle() {
    return { status: 'ok' as const };
  },
});

const checksOf = (deps: RouteDeps): HealthChecks => ({
  database: () => deps.stores.ping(),
  queue: () => deps.queue.ping(),
});

const readyz = route({
  ...shared,
  path: '/readyz',
  operationId: 'readyz',
  summary: 'Whether the database and the queue answer',
  response: z.object({ status: z.literal('ready') }),
  errors: ['not_ready'],
  async handle({ deps }) {
    if (deps.stopping.aborted) throw new AppError('not_ready', 'The service is shutting down.');
    const names = await failingChecks(checksOf(deps));
    if (names.length > 0)
      throw new AppError('not_ready', `Out of reach: ${names.join(' and ')}.`, { retryAfterSeconds: 2 });
    return { status: 'ready' as const };
  },
});

const metrics = route({
  ...shared,
  path: '/metrics',
  operationId: 'metrics',
  summary: 'Figures for Prometheus',
  response: null,
  answers: { contentType: 'text/plain', summary: 'The exposition format of Prometheus' },
  errors: [],
  async handle({ deps, response }) {
    const { registry } = deps.metrics;
    response.set('content-type', registry.contentType).send(await registry.metrics());
    return written;
  },
});

const SigningKey = z.object({ algorithm: z.literal('ed25519'), public_key: PublicKey }).meta({ id: 'SigningKey' });

const signingKeys = route({
  ...shared,
  path: '/v1/signing-keys',
  operationId: 'listSigningKeys',
  summary: 'The public keys that receipts are signed with',
  response: z.object({ object: z.literal('list'), data: z.array(SigningKey) }),
  errors: [],
  async handle({ deps }) {
    const key = deps.settings.signingPublicKey;
    const data = key === null ? [] : [{ algorithm: 'ed25519' as const, public_key: key }];
    return { object: 'list' as const, data };
  },
});

export const operationRoutes = [landing, healthz, readyz, metrics, signingKeys];
