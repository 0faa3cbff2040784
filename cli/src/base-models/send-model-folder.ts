import { createHash } from 'node:crypto';
import { createReadStream, openAsBlob } from 'node:fs';
import { resolve } from 'node:path';
import { type ModelFolder, readModelFolder, revisionOf } from '@agon/base-models/folder';
import { ApiError, type Client } from '@agon/client';
import type { BaseModel } from '@agon/contracts';
import { inside } from '@agon/kit';
import type { Context } from '../context.ts';
import { ByteProgress } from '../terminal/byte-progress.ts';

export type ModelImport = { readonly folder: string; readonly name: string; readonly revision: string | undefined };

type HashedFile = ModelFolder['files'][number] & { readonly sha256: string };
type SentFile = { readonly path: string; readonly file: string };

const purpose = 'base-model';

/**
 * Sends the folder of a model to the service, which makes a base model of it. Files that an earlier try sent are not sent
 * again.
 *
 * @throws AppError `base_model_invalid` before anything is sent, ApiError
 */
export async function sendModelFolder(client: Client, context: Context, wanted: ModelImport): Promise<BaseModel> {
  const folder = resolve(context.cwd, wanted.folder);
  const { files } = await readModelFolder(folder);
  const hashed = await hashFiles(folder, files, context);
  const there = await find(client, `${wanted.name}@${wanted.revision ?? revisionOf(hashed)}`);
  if (there && revisionOf(there.files) === revisionOf(hashed)) return there;
  const sent = await sendFiles(client, context, { folder, files: hashed });
  const model = await client.baseModels.create({
    name: wanted.name,
    ...(wanted.revision === undefined ? {} : { revision: wanted.revision }),
    files: sent,
  });
  // What the base model refers to stays; only the uploads go.
  for (const { file } of sent) await client.files.delete(file);
  return model;
}

async function find(client: Client, id: string): Promise<BaseModel | undefined> {
  try {
    return await client.baseModels.retrieve(id);
  } catch (error) {
    if (error instanceof ApiError && error.code === 'base_model_not_found') return undefined;
    throw error;
  }
}

async function hashFiles(folder: string, files: ModelFolder['files'], context: Context): Promise<HashedFile[]> {
  const progress = new ByteProgress(context, 'reading', totalOf(files));
  const hashed: HashedFile[] = [];
  for (const file of files) {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(inside(folder, file.path), { signal: context.interrupted })) {
      hash.update(chunk as Uint8Array);
      progress.add((chunk as Uint8Array).length, file.path);
    }
    hashed.push({ ...file, sha256: hash.digest('hex') });
  }
  progress.end();
  return hashed;
}

async function sendFiles(
  client: Client,
  context: Context,
  { folder, files }: { folder: string; files: readonly HashedFile[] },
): Promise<SentFile[]> {
  const before = new Map((await client.files.list({ purpose, limit: 100 })).data.map((file) => [file.sha256, file.id]));
  const progress = new ByteProgress(context, 'sending', totalOf(files));
  const sent: SentFile[] = [];
  for (const { path, sha256, bytes } of files) {
    const known = before.get(sha256);
    const file = known ?? (await sendFile(client, { folder, path, context, progress }));
    if (known) progress.add(bytes, path);
    sent.push({ path, file });
  }
  progress.end();
  return sent;
}

async function sendFile(
  client: Client,
  { folder, path, context, progress }: { folder: string; path: string; context: Context; progress: ByteProgress },
): Promise<string> {
  let last = 0;
  const stored = await client.files.upload(await openAsBlob(inside(folder, path)), {
    filename: path,
    purpose,
    signal: context.interrupted,
    onBytes: (bytes) => {
      progress.add(bytes - last, path);
      last = bytes;
    },
  });
  return stored.id;
}

const totalOf = (files: ModelFolder['files']): number => files.reduce((sum, file) => sum + file.bytes, 0);
