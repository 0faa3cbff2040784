import { open } from 'node:fs/promises';
import { AppError } from '@agon/contracts';
import { inside } from '@agon/kit';
import type { ArtifactStore } from '@agon/store';

export type FileEntry = { readonly path: string; readonly bytes: number };

/** The files of a model, wherever they lie; only small pieces of them are ever read. */
export type ModelFiles = {
  readonly entries: readonly FileEntry[];
  /** The bytes from `start` to `end`, exclusive; fewer where the file ends before. */
  read(path: string, start: number, end: number): Promise<Uint8Array>;
};

/** @throws AppError `base_model_invalid` for a file that is too large to be what its name says. */
export async function readWhole(files: ModelFiles, path: string, bytesMax: number): Promise<Uint8Array | undefined> {
  const entry = files.entries.find((each) => each.path === path);
  if (!entry) return undefined;
  if (entry.bytes > bytesMax) {
    throw new AppError('base_model_invalid', `${path} has ${entry.bytes} bytes; at most ${bytesMax} make sense.`);
  }
  return files.read(path, 0, entry.bytes);
}

/** @throws AppError `base_model_invalid` where it is not an object in JSON. */
export async function readJson(
  files: ModelFiles,
  path: string,
  bytesMax: number,
): Promise<Record<string, unknown> | undefined> {
  const bytes = await readWhole(files, path, bytesMax);
  if (!bytes) return undefined;
  const value = parsed(bytes);
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new AppError('base_model_invalid', `${path} is not an object in JSON.`);
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Files that are blobs. */
export function blobFiles(
  artifacts: Pick<ArtifactStore, 'read'>,
  blobs: readonly (FileEntry & { readonly sha256: string })[],
): ModelFiles {
  return {
    entries: blobs,
    async read(path, start, end) {
      const blob = blobs.find((each) => each.path === path);
      if (!blob) throw new RangeError(`There is no file ${path}.`);
      const chunks: Uint8Array[] = [];
      const range = { start, end: Math.min(end, blob.bytes) };
      for await (const chunk of artifacts.read(blob.sha256, range)) chunks.push(chunk);
      return Buffer.concat(chunks);
    },
  };
}

/** Files of a folder on this machine. */
export function folderFiles(folder: string, entries: readonly FileEntry[]): ModelFiles {
  return {
    entries,
    async read(path, start, end) {
      const file = await open(inside(folder, path), 'r');
      try {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
        return buffer.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    },
  };
}
