import type { BlobRef } from '@agon/contracts';

export type ByteSource = AsyncIterable<Uint8Array>;

/** Bytes by their sha256. Writing is atomic: a blob is there whole or not at all. */
export type ArtifactStore = {
  /**
   * Streams a new blob in; memory does not grow with its size.
   *
   * @throws AppError `file_too_large` past `bytesMax`, `disk_full` where no room is left, `upload_hash_mismatch` where the
   * bytes are not `expected`; then nothing is left.
   */
  put(source: ByteSource, options?: { bytesMax?: number; expected?: BlobRef }): Promise<BlobRef>;
  /** @throws Error where the blob is not there. `end` is exclusive. */
  read(sha256: string, range?: { start: number; end: number }): ByteSource;
  stat(sha256: string): Promise<{ bytes: number; storedAt: Date } | undefined>;
  delete(sha256: string): Promise<void>;
  list(): AsyncIterable<{ sha256: string; storedAt: Date }>;
  /** A path on this machine's disk with the blob's bytes, to be read only (a cached copy where the store is remote). */
  localPath(sha256: string): Promise<string>;
  /**
   * An address from which anybody can read this blob, and nothing else, for so many seconds. Absent, or undefined, where
   * bytes only pass through the service.
   */
  downloadUrl?(sha256: string, seconds: number): Promise<string | undefined>;
  readonly staging: StagingArea;
};

/** Uploads that arrive in pieces, by a name that the service chose. */
export type StagingArea = {
  create(id: string): Promise<void>;
  /** Bytes so far, or undefined where there is no such upload. */
  offset(id: string): Promise<number | undefined>;
  /**
   * Appends at `offset`; answers the new offset. What arrived before the source failed is kept.
   *
   * @throws AppError `upload_offset_mismatch`, `upload_not_found`, `body_too_large` past `bytesMax`, `disk_full`.
   */
  append(input: { id: string; offset: number; bytesMax: number; source: ByteSource }): Promise<number>;
  /** Hashes the bytes; where they are `expected`, makes them a blob, else discards them and answers false. */
  commit(id: string, expected: BlobRef): Promise<boolean>;
  discard(id: string): Promise<void>;
};
