import { AppError, type ErrorEnvelope, errorTable } from '@agon/contracts';
import type { Log } from '@agon/kit';
import type { ErrorRequestHandler, Request, Response } from 'express';

const internalMessage = 'The service failed. The request id finds the cause in its log.';

/** Any failure as an AppError: express's own 4xx keep their meaning, everything else is `internal`. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
  if (status === 413) return new AppError('body_too_large', 'The body is too large.', {}, error);
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new AppError('invalid_request', 'The address or the headers of the request are malformed.', {}, error);
  }
  return new AppError('internal', internalMessage, {}, error);
}

/** OpenAI's envelope. A fault of our own says nothing of its cause. */
export function errorEnvelope(error: AppError): ErrorEnvelope {
  const { type, help } = errorTable[error.code];
  const { param = null, problems } = error.facts;
  return {
    error: {
      message: error.code === 'internal' ? internalMessage : error.message,
      type,
      param,
      code: error.code,
      help,
      ...(problems ? { problems: problems as NonNullable<ErrorEnvelope['error']['problems']> } : {}),
    },
  };
}

/** Schemes of RFC 9110 for 401: an API key, or a signature of RFC 9421. */
const challenges: Readonly<Record<string, string>> = {
  missing_api_key: 'Bearer realm="agon"',
  invalid_api_key: 'Bearer realm="agon", error="invalid_token"',
};
const signatureChallenge = 'Signature realm="agon"';

/** OpenAI's SDK sends 408, 409, 429 and 5xx again by itself; these will not get better. */
const hopeless = new Set<number>([409, 507]);

function setErrorHeaders(response: Response, error: AppError): void {
  const { allow, retryAfterSeconds } = error.facts;
  response.set({ 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
  if (error.status === 401) response.set('www-authenticate', challenges[error.code] ?? signatureChallenge);
  if (allow !== undefined) response.set('allow', allow);
  if (retryAfterSeconds !== undefined) response.set('retry-after', String(Math.ceil(retryAfterSeconds)));
  if (hopeless.has(error.status)) response.set('x-should-retry', 'false');
}

const lingerMs = 5_000;

/** A client that still sends gets time to read the refusal, then the connection is cut. */
export function stopReading(request: Request): void {
  if (request.complete) return;
  request.resume();
  const timer = setTimeout(() => request.socket.destroy(), lingerMs);
  timer.unref();
  request.once('end', () => clearTimeout(timer));
}

/** The only place where a failure becomes an HTTP answer. */
export function errorResponder(log: Log): ErrorRequestHandler {
  return (thrown, request, response, _next) => {
    const error = toAppError(thrown);
    const facts = { requestId: response.getHeader('x-request-id'), method: request.method, code: error.code };
    if (error.code === 'internal') log.error({ ...facts, err: thrown }, 'a request failed');
    else if (!error.expected) log.warn({ ...facts, err: thrown }, 'a request was not served');
    else log.debug({ ...facts, reason: error.message }, 'a request was refused');
    if (response.headersSent || request.socket.destroyed) {
      request.socket.destroy();
      return;
    }
    setErrorHeaders(response, error);
    stopReading(request);
    response.status(error.status).json(errorEnvelope(error));
  };
}
