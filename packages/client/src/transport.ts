import { ApiError, errorOfResponse } from './api-error.ts';

export type Fetch = typeof fetch;

export type HttpRequest = {
  readonly method: 'GET' | 'POST' | 'DELETE' | 'HEAD' | 'PATCH';
  /** From the root of the service, with its query. */
  readonly path: string;
  readonly json?: unknown;
  readonly body?: BodyInit;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Answers a redirect instead of following it. */
  readonly keepsRedirect?: boolean;
};

export type Transport = {
  /** Sends and answers the response where it is 2xx. @throws ApiError otherwise. */
  readonly send: (request: HttpRequest) => Promise<Response>;
  readonly json: <T>(request: HttpRequest) => Promise<T>;
  readonly baseUrl: string;
};

/** Headers of one request, given its method, path and body: a bearer key, or a signature. */
export type Authorize = (request: {
  method: string;
  path: string;
  body: Uint8Array;
}) => Readonly<Record<string, string>>;

const encoder = new TextEncoder();

/** Joins `baseUrl` and requests, adds authorisation, and turns refusals into ApiError. */
export function createTransport(options: { baseUrl: string; authorize: Authorize; fetch?: Fetch }): Transport {
  const baseUrl = options.baseUrl.replace(/\/+$/, '');
  const doFetch = options.fetch ?? fetch;

  async function send(request: HttpRequest): Promise<Response> {
    const text = request.json === undefined ? undefined : JSON.stringify(request.json);
    const headers: Record<string, string> = {
      ...(text === undefined ? {} : { 'content-type': 'application/json' }),
      ...options.authorize({ method: request.method, path: request.path, body: encoder.encode(text ?? '') }),
      ...request.headers,
    };
    const body = text ?? request.body;
    const init: RequestInit & { duplex?: 'half' } = { method: request.method, headers };
    if (body !== undefined) {
      init.body = body;
      init.duplex = 'half';
      // Else fetch keeps a copy of the whole body in memory, for a redirect or a question of authentication.
      init.redirect = 'error';
      init.window = null;
    }
    if (request.keepsRedirect) init.redirect = 'manual';
    if (request.signal) init.signal = request.signal;
    const response = await doFetch(baseUrl + request.path, init).catch((cause: unknown) => {
      if (request.signal?.aborted) throw cause;
      throw new ApiError(`The service at ${baseUrl} does not answer.`, { status: 0, code: 'unreachable', cause });
    });
    if (!isAnswer(request, response)) throw await errorOfResponse(response);
    return response;
  }

  return { baseUrl, send, json: async <T>(request: HttpRequest) => (await (await send(request)).json()) as T };
}

const isAnswer = ({ keepsRedirect = false }: HttpRequest, { ok, status }: Response): boolean =>
  ok || (keepsRedirect && status === 307);

/** A path whose parts come from outside: each is encoded and can't leave its place. */
export function urlPath(strings: TemplateStringsArray, ...values: readonly string[]): string {
  return strings.reduce((path, text, index) => {
    const value = values[index - 1] ?? '';
    if (index > 0 && (value === '' || value === '.' || value === '..')) {
      throw new TypeError(`Unsafe path segment ${JSON.stringify(value)}`);
    }
    return path + (index > 0 ? encodeURIComponent(value) : '') + text;
  });
}

/** A query string of the pairs that are set, with its `?`, or nothing. */
export function queryOf(pairs: Readonly<Record<string, string | number | undefined>>): string {
  const set = Object.entries(pairs).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]]));
  return set.length === 0 ? '' : `?${new URLSearchParams(set).toString()}`;
}
