import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiError, type MinerClient } from '@agon/client';
import type { Lease } from '@agon/contracts';
import { inside, retry } from '@agon/kit';

type DataFile = Lease['data'][number];

/** Downloads the files of a lease into the job folder, from where an earlier try ended, and checks their hashes. */
export async function fetchData(
  client: MinerClient,
  input: { data: readonly DataFile[]; jobFolder: string; signal: AbortSignal },
): Promise<void> {
  for (const file of input.data) {
    const path = inside(join(input.jobFolder, 'data'), file.name);
    await retry(() => fetchFile(client, file, { path, signal: input.signal }), {
      attemptsMax: 6,
      firstDelayMs: 500,
      delayMsMax: 8_000,
      retryable: (error) => !(error instanceof ApiError) || error.retryable,
      signal: input.signal,
    });
  }
}

async function fetchFile(
  client: MinerClient,
  file: DataFile,
  to: { path: string; signal: AbortSignal },
): Promise<void> {
  const there = (await stat(to.path).catch(() => undefined))?.size ?? 0;
  const from = there < file.bytes ? there : 0;
  if (there !== file.bytes) {
    const response = await client.data(file.url, { from, signal: to.signal });
    await append(response, to.path, response.status === 206 ? 'a' : 'w');
  }
  if ((await sha256Of(to.path)) === file.sha256) return;
  await (await open(to.path, 'w')).close();
  throw new Error(`The download of ${file.name} has another hash than the lease says.`);
}

async function append(response: Response, path: string, flags: 'a' | 'w'): Promise<void> {
  const out = await open(path, flags);
  try {
    if (response.body) for await (const chunk of response.body) await out.write(chunk as Uint8Array);
  } finally {
    await out.close();
  }
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}
