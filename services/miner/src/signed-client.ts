import { createMinerClient, type MinerClient } from '@agon/client';
import { signRequest } from '@agon/kit';
import type { MinerOptions } from './options.ts';

/** The miner protocol with every request signed by the miner's key. */
export function minerClient(options: Pick<MinerOptions, 'baseUrl' | 'clock' | 'key' | 'newNonce'>): MinerClient {
  return createMinerClient({
    baseUrl: options.baseUrl,
    sign: ({ method, path, body }) => {
      const url = new URL(path, 'http://service.invalid');
      const createdSeconds = Math.floor(options.clock.nowMs() / 1000);
      const signable = { method, path: url.pathname, query: url.search, body };
      return signRequest(signable, { key: options.key, createdSeconds, nonce: options.newNonce() });
    },
  });
}
