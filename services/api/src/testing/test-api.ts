import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { limits, type Scope } from '@agon/contracts';
import { type Clock, idMaker, type Log, type NewId, silentLog, systemClock } from '@agon/kit';
import { connectStores, fileArtifactStore, type Stores } from '@agon/store';
import { aKey, MemoryQueue, testMongodbUrl } from '@agon/testing';
import type { Express } from 'express';
import supertest from 'supertest';
import { buildApp } from '../app.ts';
import { baseModelResolver } from '../base-models/base-model-resolver.ts';
import type { AppDeps, Settings } from '../deps.ts';
import { hashKey } from '../http/authenticate.ts';
import { listen } from '../http/http-server.ts';
import { datasetInspector } from '../jobs/dataset-inspector.ts';
import { createPushDesk } from '../publish/push-desk.ts';

export type TestApi = Awaited<ReturnType<typeof startTestApi>>;

export const testSettings: Settings = {
  publicUrl: null,
  signingPublicKey: 'A'.repeat(43),
  fileBytesMax: limits.fileBytesMax,
  webhookPrivateAddresses: false,
  requestsPerMinuteMax: 100_000,
  requestsPerMinuteOfAddressMax: 100_000,
  trustedProxies: 0,
  directDownloads: true,
  version: '0.0.0',
};

type Options = {
  clock?: Clock;
  settings?: Partial<Settings>;
  log?: Log;
  /** Puts something between the app and what it stands on. */
  adapt?: (deps: AppDeps) => Partial<AppDeps>;
};

/** No model answers in tests that do not ask for it. */
const noChat: AppDeps['chat'] = {
  generate: () => Promise.reject(new Error('No model answers in this test.')),
  classify: () => Promise.reject(new Error('No model classifies in this test.')),
  answers: 0,
  models: 0,
};

/** The api over a database of its own and a folder of its own, on a free port. */
export async function startTestApi({ clock = systemClock, settings, log = silentLog, adapt }: Options = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'agon-api-'));
  const newId: NewId = idMaker(clock.nowMs);
  const stores = await connectStores({ url: testMongodbUrl(), clock, log: silentLog });
  const artifacts = fileArtifactStore({ folder, clock });
  const queue = new MemoryQueue();
  const stopping = new AbortController();
  const plain: AppDeps = {
    ...{ stores, artifacts, queue, clock, newId, randomBytes, log, sealer: null },
    inspectDataset: datasetInspector(artifacts),
    resolveBaseModel: baseModelResolver({ stores, artifacts, clock, log }, null),
    pushDesk: createPushDesk({ hubUrl: null, hasToken: false, sealer: null }),
    predict: async ({ rows }) => Float64Array.from({ length: rows }, (_, row) => row),
    chat: noChat,
    stopping: stopping.signal,
    settings: { ...testSettings, ...settings },
  };
  const deps = { ...plain, ...adapt?.(plain) };
  const api = buildApp(deps);
  const http = await listen(api.app, { host: '127.0.0.1', port: 0 });
  const close = async (): Promise<void> => {
    stopping.abort();
    await http.close(500);
    await api.close();
    await stores.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { ...deps, queue, folder, app: api.app, url: http.url, http, stop: () => stopping.abort(), close };
}

/** Makes a key and answers a caller of the app with it. */
export async function callerWith(
  api: { app: Express; stores: Stores; newId: NewId },
  options: { scopes?: Scope[]; accountId?: string } = {},
) {
  const secret = `agon_${randomBytes(24).toString('hex')}`;
  const accountId = options.accountId ?? api.newId('account');
  const scopes = options.scopes ?? ['jobs:read', 'jobs:write'];
  await api.stores.keys.insert(aKey({ id: api.newId('key'), accountId, scopes, hash: hashKey(secret) }));
  const authorization = `Bearer ${secret}`;
  const agent = supertest.agent(api.app).set('authorization', authorization);
  return Object.assign(agent, { secret, accountId, authorization });
}

export type Caller = Awaited<ReturnType<typeof callerWith>>;

/** A table that can be learnt: whether `a` is over a half. */
export function someCsv(rows = 300): string {
  const lines = Array.from({ length: rows }, (_, row) => {
    const a = ((row * 7919) % 10_007) / 10_007;
    return `${a.toFixed(5)},${'pqr'[row % 3]},${a > 0.5 ? 'yes' : 'no'}`;
  });
  return ['a,b,y', ...lines, ''].join('\n');
}

/** Uploads a file and answers its id. */
export async function uploadFile(caller: Caller, content = someCsv()): Promise<string> {
  const answer = await caller
    .post('/v1/files')
    .field('purpose', 'fine-tune')
    .attach('file', Buffer.from(content), 'rows.csv')
    .expect(200);
  return answer.body.id;
}

/** The body of an answer that was fetched. */
// biome-ignore lint/suspicious/noExplicitAny: tests look at whatever came back
export const jsonOf = (response: Response): Promise<any> => response.json();
