import { AppError } from '@agon/contracts';
import type { Request, RequestHandler, Response } from 'express';
import { ipKeyGenerator, type RateLimitRequestHandler, rateLimit } from 'express-rate-limit';
import type { Settings } from '../deps.ts';

const windowMs = 60_000;

/** Who a request counts for, set once it is known. */
const identities = new WeakMap<Request, string>();

function refuse(request: Request, retryAfterSeconds: number, next: (error: AppError) => void): void {
  const whose = identities.has(request) ? 'this caller' : 'this address';
  next(new AppError('rate_limited', `Too many requests of ${whose} within a minute.`, { retryAfterSeconds }));
}

const secondsUntil = (limiter: RateLimitRequestHandler, key: string, nowMs: () => number) =>
  Promise.resolve(limiter.getKey(key)).then((info) =>
    Math.max(1, ((info?.resetTime?.getTime() ?? 0) - nowMs()) / 1000),
  );

export type Limiters = {
  /** Counts requests that wait for their answer or were refused as unauthenticated, by address. */
  readonly address: RequestHandler;
  /** Counts every request of a key, miner or upload. */
  readonly identity: (request: Request, response: Response, identity: string) => Promise<void>;
  /** Counts every request of an address. */
  readonly stranger: (request: Request, response: Response) => Promise<void>;
};

/** Limits of requests a minute, each replica counting for itself. */
export function createLimiters(
  settings: Pick<Settings, 'requestsPerMinuteMax' | 'requestsPerMinuteOfAddressMax'>,
  nowMs: () => number,
): Limiters {
  const keyOfAddress = (request: Request): string => ipKeyGenerator(request.ip ?? '');
  const address: RateLimitRequestHandler = rateLimit({
    windowMs,
    limit: settings.requestsPerMinuteOfAddressMax,
    standardHeaders: false,
    legacyHeaders: false,
    skipSuccessfulRequests: true,
    requestWasSuccessful: (_request, response) => response.statusCode !== 401,
    keyGenerator: keyOfAddress,
    validate: false,
    handler: async (request, _response, next) =>
      refuse(request, await secondsUntil(address, keyOfAddress(request), nowMs), next),
  });
  const identity: RateLimitRequestHandler = rateLimit({
    windowMs,
    limit: settings.requestsPerMinuteMax,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    identifier: 'requests',
    keyGenerator: (request) => identities.get(request) ?? keyOfAddress(request),
    validate: false,
    handler: async (request, _response, next) =>
      refuse(request, await secondsUntil(identity, identities.get(request) ?? '', nowMs), next),
  });
  const count: Limiters['identity'] = (request, response, who) => {
    identities.set(request, who);
    return new Promise((resolve, reject) => {
      const next = (error?: unknown): void => (error ? reject(error) : resolve());
      Promise.resolve(identity(request, response, next)).catch(reject);
    });
  };
  return { address, identity: count, stranger: (request, response) => count(request, response, keyOfAddress(request)) };
}
