import type { EvaluationRecord, EvaluationStore } from '../ports/index.ts';
import { blobsOfEvaluation } from './blobs.ts';
import { isDuplicateKey } from './database-errors.ts';
import { escapeNames, restoreNames } from './free-names.ts';
import type { EvaluationDocument } from './schemas.ts';
import type { StoreDeps } from './store-deps.ts';

function documentOf(evaluation: EvaluationRecord): EvaluationDocument {
  const { runId, ...fields } = escapeNames(evaluation);
  return { _id: runId, ...fields, blobs: blobsOfEvaluation(evaluation) };
}

function recordOf({ _id, blobs: _, ...fields }: EvaluationDocument): EvaluationRecord {
  return { runId: _id, ...restoreNames(fields) };
}

export function createEvaluationStore({ models: { evaluations } }: Pick<StoreDeps, 'models'>): EvaluationStore {
  return {
    async insert(evaluation) {
      try {
        await evaluations.create([documentOf(evaluation)]);
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    },

    async find(runId) {
      const document = await evaluations.findById(runId).lean<EvaluationDocument>();
      return document ? recordOf(document) : undefined;
    },

    async listByJob(jobId) {
      const documents = await evaluations.find({ jobId }).sort({ createdAt: 1, _id: 1 }).lean<EvaluationDocument[]>();
      return documents.map(recordOf);
    },

    async deleteByJob(jobId) {
      await evaluations.deleteMany({ jobId });
    },
  };
}
