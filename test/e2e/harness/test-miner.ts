import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createMinerClient, type MinerClient } from '@agon/client';
import type { Capabilities, Lease, MinerRun } from '@agon/contracts';
import { newSigningKeyPem, readSigningKey, signRequest } from '@agon/kit';

const capabilities: Capabilities = {
  gpus: [],
  vram_mib: 0,
  memory_mib: 65_536,
  cpus: 16,
  disk_mib: 100_000,
  tasks: ['tabular-classification', 'tabular-regression'],
  templates: ['by-hand'],
};

/** A miner that is played by the test, request by request. */
export type TestMiner = {
  readonly client: MinerClient;
  readonly name: string;
  readonly lease: () => Promise<Lease>;
  /** Commits and sends bytes as an honest miner does. */
  readonly submit: (lease: Lease, bytes: Uint8Array) => Promise<void>;
  /** Waits until the run has ended and answers it as its miner reads it. */
  readonly ended: (runId: string) => Promise<MinerRun>;
};

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export async function newTestMiner(baseUrl: string, name: string): Promise<TestMiner> {
  const key = readSigningKey(newSigningKeyPem());
  const client = createMinerClient({
    baseUrl,
    sign: ({ method, path, body }) => {
      const url = new URL(path, 'http://service.invalid');
      const nonce = randomBytes(18).toString('base64url');
      const createdSeconds = Math.floor(Date.now() / 1000);
      return signRequest({ method, path: url.pathname, query: url.search, body }, { key, createdSeconds, nonce });
    },
  });
  await client.register({ public_key: key.publicKey, name, capabilities });
  return {
    client,
    name,
    lease: async () => {
      const lease = await client.lease({ capabilities, wait_seconds: 20 });
      if (!lease) throw new Error(`${name} got no lease.`);
      return lease;
    },
    submit: (lease, bytes) => submit(client, lease, bytes),
    ended: (runId) => untilEnded(client, runId),
  };
}

async function submit(client: MinerClient, lease: Lease, bytes: Uint8Array): Promise<void> {
  const files = [{ path: 'model.onnx', bytes: bytes.length, sha256: sha256Of(bytes) }];
  const committed = await client.commit(lease.run, { fence: lease.fence, template: 'by-hand', format: 'onnx', files });
  for (const upload of committed.uploads)
    await client.uploadChunk(upload.url, { offset: 0, bytes: new Uint8Array(bytes) });
  await client.finish(lease.run, lease.fence);
}

async function untilEnded(client: MinerClient, runId: string): Promise<MinerRun> {
  for (let attempt = 0; attempt < 900; attempt += 1) {
    const run = await client.run(runId);
    if (run.finished_at !== null) return run;
    await sleep(200);
  }
  throw new Error(`${runId} never ended.`);
}
