import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Client } from '@agon/client';
import type { ModelFile } from '@agon/contracts';
import { inside } from '@agon/kit';
import { CommandError, type Context } from './context.ts';
import { findModel } from './find-model.ts';
import { LiveLines, renderBar } from './terminal/bar.ts';
import { formatBytes } from './terminal/table.ts';

const redrawMs = 100;

export type PulledModel = { readonly model: string; readonly folder: string; readonly files: readonly ModelFile[] };

/**
 * Downloads every file of a model, from where an earlier try ended, and checks each hash.
 *
 * @throws CommandError where bytes differ from what the service says they are.
 */
export async function pullModel(
  client: Client,
  input: { /** Or its repo in the registry. */ modelId: string; to?: string | undefined; context: Context },
): Promise<PulledModel> {
  const model = await findModel(client, input.modelId);
  const folder = resolve(input.context.cwd, input.to ?? model.name);
  await mkdir(folder, { recursive: true });
  for (const file of model.files)
    await pullFile(client, { modelId: model.model, file, path: inside(folder, file.path), context: input.context });
  return { model: model.model, folder, files: model.files };
}

type Pull = { modelId: string; file: ModelFile; path: string; context: Context };

async function pullFile(client: Client, pull: Pull): Promise<void> {
  if (await isWhole(pull.path, pull.file)) return;
  await mkdir(dirname(pull.path), { recursive: true });
  const partial = `${pull.path}.part`;
  const there = (await stat(partial).catch(() => undefined))?.size ?? 0;
  const from = there < pull.file.bytes ? there : 0;
  const response = await client.models.file(pull.modelId, pull.file.path, { from });
  await write(response, { ...pull, partial, from: response.status === 206 ? from : 0 });
  if (!(await isWhole(partial, pull.file))) {
    await (await open(partial, 'w')).close();
    throw new CommandError(`${pull.file.path} arrived with another hash than the service says. Pull again.`);
  }
  await rename(partial, pull.path);
}

async function write(response: Response, pull: Pull & { partial: string; from: number }): Promise<void> {
  const lines = new LiveLines((text) => process.stderr.write(text));
  const out = await open(pull.partial, pull.from > 0 ? 'a' : 'w');
  let done = pull.from;
  let drawnMs = 0;
  try {
    for await (const chunk of response.body ?? []) {
      await out.write(chunk as Uint8Array);
      done += (chunk as Uint8Array).length;
      if (!pull.context.isTerminal || performance.now() < drawnMs + redrawMs) continue;
      drawnMs = performance.now();
      lines.draw([`${renderBar(done / pull.file.bytes, 24)} ${pull.file.path} ${formatBytes(done)}`]);
    }
  } finally {
    lines.clear();
    await out.close();
  }
}

async function isWhole(path: string, file: ModelFile): Promise<boolean> {
  if ((await stat(path).catch(() => undefined))?.size !== file.bytes) return false;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest('hex') === file.sha256;
}
