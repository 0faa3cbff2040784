import { openAsBlob } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client } from '@agon/client';
import type { BaseModel } from '@agon/contracts';

const folder = fileURLToPath(new URL('../../../models/agon-tiny', import.meta.url));

/** Brings the repository's small language model into a service. */
export async function importAgonTiny(client: Client): Promise<BaseModel> {
  const files = [];
  for (const path of await readdir(folder)) {
    const sent = await client.files.create(await openAsBlob(join(folder, path)), path, 'base-model');
    files.push({ path, file: sent.id });
  }
  return client.baseModels.create({ name: 'agon/agon-tiny', files });
}
