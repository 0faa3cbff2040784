export type HubFetchOptions = {
  /** The public hub of Hugging Face, or any other that speaks its protocol. */
  readonly url: string;
  /** Sent to the hub itself, never to where it redirects. */
  readonly token?: string | undefined;
  /** How long a hub may give no answer, or no byte. */
  readonly silenceMs?: number;
};

const silenceMsDefault = 30_000;

/** The hub fell silent. */
export class HubSilenceError extends Error {
  constructor(url: string, ms: number) {
    super(`${url} gave nothing for ${Math.round(ms / 1000)} s.`);
    this.name = 'HubSilenceError';
  }
}

export type HubFetch = {
  readonly fetch: typeof fetch;
  /** Passes a body on; ends it with an error where no byte comes for too long. */
  readonly watch: (body: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array>;
  /** The first error of a request; the library gives only its text to readers of bodies. */
  readonly failure: unknown;
  readonly close: () => void;
};

/**
 * `fetch` for one conversation with a hub: adds the token, ends with the signal, when the hub is silent, and where a server
 * answers a part that was asked for with the whole.
 */
export function createHubFetch(options: HubFetchOptions, signal: AbortSignal): HubFetch {
  const silenceMs = options.silenceMs ?? silenceMsDefault;
  const silence = new AbortController();
  const origin = new URL(options.url).origin;
  let timer: NodeJS.Timeout | undefined;
  let failure: unknown;
  const rest = (): void => clearTimeout(timer);
  const wait = (): void => {
    rest();
    timer = setTimeout(() => silence.abort(new HubSilenceError(origin, silenceMs)), silenceMs);
  };

  async function guardedFetch(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
    const url = new URL(input instanceof Request ? input.url : input);
    const headers = new Headers(init.headers);
    headers.set('user-agent', 'agon');
    if (options.token !== undefined && url.origin === origin) headers.set('authorization', `Bearer ${options.token}`);
    wait();
    try {
      const response = await fetch(url, { ...init, headers, signal: AbortSignal.any([signal, silence.signal]) });
      checkPart(headers.get('range'), response, url);
      return response;
    } catch (error) {
      failure ??= error;
      throw error;
    } finally {
      rest();
    }
  }

  async function* watch(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    wait();
    for await (const chunk of body) {
      rest();
      yield chunk;
      wait();
    }
    rest();
  }

  return {
    fetch: guardedFetch,
    watch,
    get failure() {
      return failure;
    },
    close: rest,
  };
}

/** A part that does not begin at the first byte must not be taken for the whole. */
function checkPart(range: string | null, response: Response, url: URL): void {
  const start = Number(/^bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
  if (start === 0 || !response.ok) return;
  const given = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1];
  if (response.status === 206 && Number(given) === start) return;
  throw new TypeError(`${url.origin} does not serve parts of files.`);
}
