import { createHash } from 'node:crypto';
import type { Clock } from '@agon/kit';
import type { ArtifactStore, ByteSource, StagingArea } from '@agon/store';

export type MemoryArtifacts = ArtifactStore & {
  readonly blobs: Map<string, { bytes: Uint8Array; storedAt: Date }>;
  /** Uploads that have staged bytes. */
  readonly staged: Set<string>;
  text(sha256: string): string;
};

const absent = async (): Promise<never> => {
  throw new Error('The scheduler does not call this.');
};

/** Blobs in memory by their sha256. */
export function memoryArtifacts(clock: Clock): MemoryArtifacts {
  const blobs: MemoryArtifacts['blobs'] = new Map();
  const staged = new Set<string>();

  function bytesOf(sha256: string): Uint8Array {
    const blob = blobs.get(sha256);
    if (!blob) throw new Error(`There is no blob ${sha256}.`);
    return blob.bytes;
  }

  async function* read(sha256: string, range?: { start: number; end: number }): ByteSource {
    const bytes = bytesOf(sha256).subarray(range?.start, range?.end);
    for (let at = 0; at < bytes.length; at += 1_000) yield bytes.subarray(at, at + 1_000);
  }

  const staging: StagingArea = {
    create: async (id) => void staged.add(id),
    discard: async (id) => void staged.delete(id),
    offset: async (id) => (staged.has(id) ? 0 : undefined),
    append: absent,
    commit: absent,
  };

  return {
    blobs,
    staged,
    text: (sha256) => new TextDecoder().decode(bytesOf(sha256)),
    async put(source) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of source) chunks.push(chunk);
      const bytes = Buffer.concat(chunks);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      blobs.set(sha256, { bytes, storedAt: new Date(clock.nowMs()) });
      return { sha256, bytes: bytes.length };
    },
    read,
    async stat(sha256) {
      const blob = blobs.get(sha256);
      return blob && { bytes: blob.bytes.length, storedAt: blob.storedAt };
    },
    delete: async (sha256) => void blobs.delete(sha256),
    async *list() {
      for (const [sha256, { storedAt }] of [...blobs]) yield { sha256, storedAt };
    },
    localPath: absent,
    staging,
  };
}
