import type { FileRecord, FileStore, FileUploadRecord, FileUploadStore, UploadPartRecord } from '@agon/store';

type MemoryFiles = Pick<FileStore, 'insert' | 'find' | 'listExpired' | 'delete'>;

/** Clients' files in memory. */
export function memoryFiles(records: Map<string, FileRecord>): MemoryFiles {
  return {
    async insert(file) {
      if (records.has(file.id)) return false;
      records.set(file.id, structuredClone(file));
      return true;
    },
    find: async (fileId) => structuredClone(records.get(fileId)),
    listExpired: async ({ now, limit }) =>
      structuredClone(
        [...records.values()].filter(({ expiresAt }) => expiresAt !== null && expiresAt <= now).slice(0, limit),
      ),
    delete: async (fileId) => void records.delete(fileId),
  };
}

/** Uploads of clients in memory, as far as the scheduler calls them; `addPart` counts nothing. */
export function memoryFileUploads(): Omit<FileUploadStore, 'complete'> {
  const uploads = new Map<string, FileUploadRecord>();
  const parts = new Map<string, UploadPartRecord>();
  const partsOf = (uploadId: string): UploadPartRecord[] =>
    structuredClone([...parts.values()].filter((part) => part.uploadId === uploadId));
  return {
    insert: async (upload) => void uploads.set(upload.id, structuredClone(upload)),
    find: async (uploadId) => structuredClone(uploads.get(uploadId)),
    async addPart({ part }) {
      parts.set(part.id, structuredClone(part));
      return true;
    },
    listParts: async (uploadId) => partsOf(uploadId),
    async end({ uploadId, to, dueAt }) {
      const upload = uploads.get(uploadId);
      if (upload?.status !== 'pending') return undefined;
      uploads.set(uploadId, { ...upload, status: to, dueAt });
      return structuredClone(uploads.get(uploadId));
    },
    async deleteParts(uploadId) {
      const found = partsOf(uploadId);
      for (const part of found) parts.delete(part.id);
      return found;
    },
    async settle(uploadId) {
      const upload = uploads.get(uploadId);
      if (upload && upload.status !== 'pending') uploads.set(uploadId, { ...upload, dueAt: null });
    },
    listDue: async ({ now, limit }) =>
      structuredClone([...uploads.values()].filter(({ dueAt }) => dueAt !== null && dueAt <= now).slice(0, limit)),
  };
}
