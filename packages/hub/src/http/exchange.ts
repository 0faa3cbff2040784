import type { ByteSource } from '@agon/store';

/** A request, free of the server that it came by. `url` is absolute and begins with where the registry is mounted. */
export type HubRequest = {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: ByteSource;
};

/** Bytes of a blob; `end` is exclusive. */
export type BlobSlice = { readonly sha256: string; readonly start: number; readonly end: number };

export type HubAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | BlobSlice | null;
};

export const json = (
  value: unknown,
  options: { status?: number; headers?: Record<string, string> } = {},
): HubAnswer => ({
  status: options.status ?? 200,
  headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', ...options.headers },
  body: JSON.stringify(value),
});

export const text = (body: string, headers: Record<string, string> = {}): HubAnswer => ({
  status: 200,
  headers: { 'content-type': 'text/plain; charset=utf-8', ...headers },
  body,
});

export const empty = (status: number, headers: Record<string, string> = {}): HubAnswer => ({
  status,
  headers,
  body: null,
});
