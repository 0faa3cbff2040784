import type { FileUploadRecord, FileUploadStore, UploadPartRecord } from '../ports/index.ts';
import { toDocument, toRecord } from './document.ts';
import type { FileUploadDocument, UploadPartDocument } from './file-upload-schemas.ts';
import type { StoreDeps } from './store-deps.ts';

const recordOf = (document: FileUploadDocument): FileUploadRecord => toRecord(document, ['blobs']);
const partOf = (document: UploadPartDocument): UploadPartRecord => toRecord(document);

export function createFileUploadStore({ models }: Pick<StoreDeps, 'models'>): FileUploadStore {
  const { fileUploads: uploads, uploadParts: parts } = models;

  async function change(filter: Record<string, unknown>, update: Record<string, unknown>) {
    const document = await uploads
      .findOneAndUpdate({ ...filter, status: 'pending' }, update, { returnDocument: 'after' })
      .lean<FileUploadDocument>();
    return document ? recordOf(document) : undefined;
  }

  const listParts: FileUploadStore['listParts'] = async (uploadId) => {
    const documents = await parts.find({ uploadId }).sort({ _id: 1 }).lean<UploadPartDocument[]>();
    return documents.map(partOf);
  };

  return {
    async insert(upload) {
      await uploads.create([{ ...toDocument(upload), blobs: [] }]);
    },

    async find(uploadId) {
      const document = await uploads.findById(uploadId).lean<FileUploadDocument>();
      return document ? recordOf(document) : undefined;
    },

    async addPart({ part, now, partsMax, bytesMax }) {
      // Before it is counted: a part that counts is there, and one that a crash left uncounted goes with its time.
      await parts.create([toDocument(part)]);
      const room = { parts: { $lt: partsMax }, received: { $lte: bytesMax - part.bytes } };
      const counted = await change(
        { _id: part.uploadId, expiresAt: { $gt: now }, ...room },
        { $inc: { parts: 1, received: part.bytes } },
      );
      if (!counted) await parts.deleteOne({ _id: part.id });
      return counted !== undefined;
    },

    listParts,

    complete: ({ uploadId, partIds, file, now, dueAt }) =>
      change(
        { _id: uploadId, expiresAt: { $gt: now } },
        { $set: { status: 'completed', partIds, file, dueAt, blobs: [file.sha256] } },
      ),

    end: ({ uploadId, to, dueAt }) => change({ _id: uploadId }, { $set: { status: to, dueAt } }),

    async deleteParts(uploadId) {
      const found = await listParts(uploadId);
      await parts.deleteMany({ _id: { $in: found.map((part) => part.id) } });
      return found;
    },

    async settle(uploadId) {
      await uploads.updateOne({ _id: uploadId, status: { $ne: 'pending' } }, { $set: { dueAt: null, blobs: [] } });
    },

    async listDue({ now, limit }) {
      const documents = await uploads
        .find({ dueAt: { $lte: now } })
        .sort({ dueAt: 1 })
        .limit(limit)
        .lean<FileUploadDocument[]>();
      return documents.map(recordOf);
    },
  };
}
