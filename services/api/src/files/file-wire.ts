import type { StoredFile } from '@agon/contracts';
import { unixSeconds } from '@agon/kit';
import type { FileRecord } from '@agon/store';

/** A file as clients read it. */
export const fileWire = (file: FileRecord): StoredFile => ({
  id: file.id,
  object: 'file',
  bytes: file.bytes,
  created_at: unixSeconds(file.createdAt),
  filename: file.filename,
  purpose: file.purpose,
  status: 'processed',
  sha256: file.sha256,
  ...(file.expiresAt === null ? {} : { expires_at: unixSeconds(file.expiresAt) }),
});
