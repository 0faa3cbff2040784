import { createHash } from 'node:crypto';
import type { BlobRef } from '@agon/contracts';

/** A file of a base model. */
export type ModelBlob = BlobRef & { readonly path: string };

const revisionCharacters = 12;

/** A short hash of a model's files: equal files have equal revisions, whatever order they come in. */
export function revisionOf(files: readonly Pick<ModelBlob, 'path' | 'sha256'>[]): string {
  const lines = files.map(({ path, sha256 }) => `${path} ${sha256}\n`).sort();
  return createHash('sha256').update(lines.join('')).digest('hex').slice(0, revisionCharacters);
}

export const idOf = (name: string, revision: string): string => `${name}@${revision}`;
