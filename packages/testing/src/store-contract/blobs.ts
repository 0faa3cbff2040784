import type { BlobRef } from '@agon/contracts';
import { expect, it } from 'vitest';
import { aBaseModel } from '../base-model-builder.ts';
import { aFile, aHash, aJob, aMeasuredPart, aModel, anEvaluation, anEvent, aRun, builtAt } from '../builders.ts';
import { aHeldBlob } from '../hub-builders.ts';
import type { GetContext, StoreContext } from './context.ts';

/** Every place that may refer to a blob: puts a reference there and answers what takes it away. */
const places: Record<string, (context: StoreContext, blob: BlobRef) => Promise<() => Promise<void>>> = {
  'a file': async ({ stores, newId }, blob) => {
    const file = aFile({ id: newId('file'), ...blob });
    await stores.files.insert(file);
    return () => stores.files.delete(file.id);
  },
  ...Object.fromEntries(
    (['train', 'selection', 'report'] as const).map((part) => [
      `the ${part} part of a job`,
      async ({ stores, newId }: StoreContext, blob: BlobRef) => {
        const job = aJob({ id: newId('job') });
        await stores.jobs.insert(job, anEvent());
        const other = { sha256: aHash(900), bytes: 1, rows: 1 };
        const parts = { train: other, selection: other, report: other, [part]: { ...blob, rows: 1 } };
        await stores.jobs.update({ jobId: job.id, while: ['preparing'], set: { parts } });
        return () => stores.jobs.delete(job.id);
      },
    ]),
  ),
  'the outcome of a baseline': async ({ stores, newId }, blob) => {
    const job = aJob({ id: newId('job') });
    await stores.jobs.insert(job, anEvent());
    const baseline = { summary: '', selection: aMeasuredPart(901), report: { ...aMeasuredPart(), outcome: blob } };
    await stores.jobs.move({ jobId: job.id, from: 'preparing', to: 'open', set: { baseline }, event: anEvent() });
    return () => stores.jobs.delete(job.id);
  },
  'the receipt of a job': async ({ stores, newId }, blob) => {
    const job = aJob({ id: newId('job'), status: 'publishing' });
    await stores.jobs.insert(job, anEvent());
    await stores.jobs.update({ jobId: job.id, while: ['publishing'], set: { receipt: blob } });
    return () => stores.jobs.delete(job.id);
  },
  'the submission of a run': async ({ stores, newId }, blob) => {
    const run = aRun({ id: newId('run'), jobId: newId('job') });
    await stores.runs.insert(run, anEvent());
    const files = [{ path: 'model.onnx', ...blob, uploadId: 'upl_00000001' }];
    const submission = { id: newId('submission'), format: 'onnx', committedAt: builtAt, files } as const;
    await stores.runs.update({ runId: run.id, while: ['leased'], set: { submission: { ...submission, files } } });
    return () => stores.runs.deleteByJob(run.jobId);
  },
  'an evaluation': async ({ stores, newId }, blob) => {
    const evaluation = anEvaluation({
      runId: newId('run'),
      jobId: newId('job'),
      report: { ...aMeasuredPart(), outcome: blob },
    });
    await stores.evaluations.insert(evaluation);
    return () => stores.evaluations.deleteByJob(evaluation.jobId);
  },
  'a model': async ({ stores, newId }, blob) => {
    const model = aModel({ id: newId('model'), files: [{ path: 'model.onnx', ...blob }] });
    await stores.models.insert(model);
    return () => stores.models.delete(model.id);
  },
  'a base model': async ({ stores }, blob) => {
    const model = aBaseModel({ id: 'blob/holder@1', files: [{ path: 'model.safetensors', ...blob }] });
    await stores.baseModels.insert(model);
    return () => stores.baseModels.delete(model.id);
  },
  'a repo': async ({ stores, newId }, blob) => {
    const repoId = newId('repo');
    await stores.hub.blobs.hold([aHeldBlob({ repoId, ...blob })]);
    return () => stores.hub.blobs.deleteByRepo(repoId);
  },
  'a part of an upload to a repo': async ({ stores }, blob) => {
    const expiresAt = new Date(Date.now() + 60_000);
    await stores.hub.uploads.putPart({ uploadId: 'upload_with_parts', number: 1, ...blob, expiresAt });
    return () => stores.hub.uploads.delete('upload_with_parts');
  },
};

export function blobContract(context: GetContext): void {
  it('are absent for a blob that nobody knows', async () => {
    expect(await context().stores.isReferenced(aHash(999))).toBe(false);
  });

  for (const [index, [place, refer]] of Object.entries(places).entries()) {
    it(`are seen in ${place} for as long as it is there`, async () => {
      const blob = { sha256: aHash(1_000 + index), bytes: 1 };
      const remove = await refer(context(), blob);
      expect(await context().stores.isReferenced(blob.sha256)).toBe(true);
      await remove();
      expect(await context().stores.isReferenced(blob.sha256)).toBe(false);
    });
  }
}
