const silenceMs = 60_000;

/** The hub took and gave no byte for too long. */
export class HubSilence extends Error {
  override readonly name = 'HubSilence';
}

export type GuardedFetch = {
  readonly fetch: typeof fetch;
  /** Something was sent, so the hub still listens. */
  readonly moved: () => void;
  readonly close: () => void;
};

/** `fetch` for one push, which ends with the signal, or when nothing moves for a minute. */
export function guardFetch(inner: typeof fetch, signal: AbortSignal): GuardedFetch {
  const silence = new AbortController();
  let open = 0;
  let timer: NodeJS.Timeout | undefined;
  const moved = (): void => {
    clearTimeout(timer);
    if (open > 0) timer = setTimeout(() => silence.abort(new HubSilence('The hub fell silent.')), silenceMs);
  };
  return {
    moved,
    close: () => clearTimeout(timer),
    async fetch(input, init = {}) {
      const own = init.signal ? [init.signal] : [];
      const signals = AbortSignal.any([signal, silence.signal, ...own]);
      signals.throwIfAborted();
      const headers = new Headers(init.headers);
      headers.set('user-agent', 'agon');
      open += 1;
      moved();
      try {
        return await inner(input, { ...init, headers, signal: signals });
      } finally {
        open -= 1;
        moved();
      }
    },
  };
}
