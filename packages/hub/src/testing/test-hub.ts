import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, idMaker, silentLog, systemClock } from '@agon/kit';
import { connectStores, fileArtifactStore } from '@agon/store';
import { aKey, testMongodbUrl } from '@agon/testing';
import { buildHub } from '../build-hub.ts';
import type { HubDeps } from '../hub-deps.ts';

export const hubUrl = 'http://registry.test/hub';

type Options = { clock?: Clock; adapt?: (deps: HubDeps) => Partial<HubDeps> };

/** The registry over a database of its own and a folder of its own. */
export async function startTestHub({ clock = systemClock, adapt }: Options = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'agon-hub-'));
  const stores = await connectStores({ url: testMongodbUrl(), clock, log: silentLog });
  const artifacts = fileArtifactStore({ folder, clock });
  const plain = { stores, artifacts, clock, newId: idMaker(clock.nowMs), randomBytes, log: silentLog };
  const deps: HubDeps = { ...plain, ...adapt?.(plain) };
  const hub = buildHub(deps);

  /** An account with a key of this name, hence the namespace. */
  const account = async (name: string) => {
    const accountId = plain.newId('account');
    const hash = randomBytes(32).toString('hex');
    await stores.keys.insert(aKey({ id: plain.newId('key'), accountId, name, hash }));
    return { accountId, fetch: hub.fetchAs(accountId) };
  };
  const stranger: typeof fetch = (input, init) => hub.handle(new Request(input, init), null);
  const close = async () => {
    await stores.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { ...plain, hub, account, stranger, folder, close };
}

export type TestHub = Awaited<ReturnType<typeof startTestHub>>;

/** Bytes that differ by their number and are no text. */
export const someBytes = (bytes: number, number = 1): Buffer<ArrayBuffer> => {
  const content = Buffer.alloc(bytes, `\0bytes ${number} `);
  return content;
};

// biome-ignore lint/suspicious/noExplicitAny: tests look at whatever came back
export const jsonOf = (response: Response): Promise<any> => response.json();
