import type { HubPartRecord, HubUploadRecord, HubUploadStore } from '../ports/index.ts';
import { toDocument, toRecord } from './document.ts';
import type { HubPartDocument, HubUploadDocument } from './hub-schemas.ts';
import type { StoreDeps } from './store-deps.ts';

const uploadOf = (document: HubUploadDocument): HubUploadRecord => toRecord(document);
const partOf = ({ _id, ...part }: HubPartDocument): HubPartRecord => part;

export function createHubUploadStore({ models }: Pick<StoreDeps, 'models'>): HubUploadStore {
  const { hubUploads, hubParts } = models;
  return {
    async insertMany(uploads) {
      if (uploads.length > 0) await hubUploads.insertMany(uploads.map(toDocument));
    },

    async find(uploadId) {
      const document = await hubUploads.findById(uploadId).lean<HubUploadDocument>();
      return document ? uploadOf(document) : undefined;
    },

    async delete(uploadId) {
      await hubUploads.deleteOne({ _id: uploadId });
      await hubParts.deleteMany({ uploadId });
    },

    async putPart(part) {
      const _id = `${part.uploadId}/${part.number}`;
      await hubParts.updateOne({ _id }, { $set: part }, { upsert: true });
    },

    async listParts(uploadId) {
      const documents = await hubParts.find({ uploadId }).sort({ number: 1 }).lean<HubPartDocument[]>();
      return documents.map(partOf);
    },

    async deleteByRepo(repoId) {
      // Its parts go when their time has come.
      await hubUploads.deleteMany({ repoId });
    },
  };
}
