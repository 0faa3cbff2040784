import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { ModelFile, ReceiptBody } from '@agon/contracts';
import { inside } from '@agon/kit';
import type { Check } from './verify-receipt.ts';

/** The files in the folder are those that the winner committed. */
export async function checkModel(body: ReceiptBody, folder: string): Promise<Check> {
  const winner = body.entries.find((entry) => entry.run === body.winner.run);
  const wrong: string[] = [];
  for (const file of winner?.files ?? []) {
    // A file that has the name of one of the service's own is published under `submission/`.
    const paths = [file.path, `submission/${file.path}`];
    const found = await Promise.all(paths.map((path) => hashOf(inside(folder, path))));
    const isThere = found.some((hash) => hash !== undefined);
    if (!found.includes(file.sha256)) wrong.push(`${file.path} ${isThere ? 'has other bytes' : 'is not there'}`);
  }
  const ok = wrong.length === 0;
  return { name: 'model', ok, message: ok ? 'has the bytes that the winner committed' : wrong.join(', ') };
}

/** What is wrong with a file beside what was promised of it; empty where nothing is. */
export async function fileFault(file: ModelFile, path: string): Promise<string[]> {
  const hash = await hashOf(path);
  if (hash === file.sha256) return [];
  return [`${file.path} ${hash === undefined ? 'is not there' : 'has other bytes'}`];
}

async function hashOf(path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk);
  } catch {
    return undefined;
  }
  return hash.digest('hex');
}
