import type { ErrorCode, Scope } from '@agon/contracts';
import type { Log } from '@agon/kit';
import type { MinerRecord } from '@agon/store';
import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { RouteDeps } from '../deps.ts';

/**
 * Who may call: holders of an API key, registered miners (signed requests), anyone who signs (registration), or anyone.
 */
export type Auth = 'key' | 'miner' | 'signature' | 'none';

export type KeyCaller = { readonly keyId: string; readonly accountId: string; readonly scopes: readonly Scope[] };
export type SignatureCaller = { readonly publicKey: string };
export type Caller = {
  readonly key: KeyCaller;
  readonly miner: MinerRecord;
  readonly signature: SignatureCaller;
  readonly none: null;
};

/** Says that the handler wrote the response by itself. */
export const written = Symbol('written');

export type Context<A extends Auth, P, Q, B> = {
  readonly deps: RouteDeps;
  readonly caller: Caller[A];
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly request: Request;
  readonly response: Response;
  /** Aborted when the client goes away before it has its answer. */
  readonly gone: AbortSignal;
  readonly log: Log;
};

type Parsed<T extends z.ZodType | undefined> = T extends z.ZodType ? z.output<T> : undefined;

/** What a body or an answer is where it is not JSON. */
export type OtherContent = { readonly contentType: string; readonly summary: string; readonly fields?: z.ZodType };

type RouteShape = {
  readonly method: 'get' | 'post' | 'delete' | 'patch' | 'head' | 'options';
  /** Express's form: `/v1/jobs/:job_id`. */
  readonly path: string;
  readonly tag: string;
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly scopes?: readonly Scope[];
  /** The status of success. */
  readonly status: number;
  /** What a 204 means, where the route may answer with it instead. */
  readonly orEmpty?: string;
  readonly errors: readonly ErrorCode[];
  readonly bodyBytesMax?: number;
  /** What requests of callers without a name are counted by; the address where it is left out. */
  readonly countedBy?: 'path' | 'nothing';
  /** A body that the handler reads by itself, as a stream. */
  readonly streams?: OtherContent;
  /** What the route may answer besides, or instead of, `response`. */
  readonly answers?: OtherContent;
};

export type RouteSpec<
  A extends Auth,
  P extends z.ZodType | undefined,
  Q extends z.ZodType | undefined,
  B extends z.ZodType | undefined,
  R extends z.ZodType | null,
> = RouteShape & {
  readonly auth: A;
  readonly request?: { readonly params?: P; readonly query?: Q; readonly body?: B };
  /** The JSON of success; null where there is none. */
  readonly response: R;
  handle(
    context: Context<A, Parsed<P>, Parsed<Q>, Parsed<B>>,
  ): Promise<(R extends z.ZodType ? z.input<R> : never) | undefined | typeof written>;
};

/** A route as data: it is served, checked and described from this one record. */
export type Route = RouteShape & {
  readonly auth: Auth;
  readonly request?: { readonly params?: z.ZodType; readonly query?: z.ZodType; readonly body?: z.ZodType };
  readonly response: z.ZodType | null;
  handle(context: Context<Auth, unknown, unknown, unknown>): Promise<unknown>;
};

/** Makes a route record, with the types of its handler checked against its schemas. */
export function route<
  A extends Auth,
  R extends z.ZodType | null,
  P extends z.ZodType | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(spec: RouteSpec<A, P, Q, B, R>): Route {
  return spec as unknown as Route;
}
