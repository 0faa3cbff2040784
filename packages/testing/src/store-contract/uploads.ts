import { expect, it } from 'vitest';
import { aFile, anEvaluation, anUpload } from '../builders.ts';
import type { GetContext } from './context.ts';

export function uploadContract(context: GetContext): void {
  it('keeps uploads, once each', async () => {
    const { stores, newId } = context();
    const runId = newId('run');
    const uploads = [1, 2].map((bytes) => anUpload({ id: newId('upload'), runId, bytes }));
    await stores.uploads.insertMany(uploads);
    await stores.uploads.insertMany(uploads);
    await stores.uploads.insertMany([]);
    expect(await stores.uploads.listByRun(runId)).toEqual(uploads);
    expect(await stores.uploads.find(uploads[0]!.id)).toEqual(uploads[0]);
    expect(await stores.uploads.find('upl_unknown0')).toBeUndefined();
  });

  it('receives an upload once', async () => {
    const { stores, newId } = context();
    const upload = anUpload({ id: newId('upload') });
    await stores.uploads.insertMany([upload]);
    expect(await stores.uploads.receive(upload.id)).toEqual({ ...upload, status: 'received' });
    expect(await stores.uploads.receive(upload.id)).toBeUndefined();
  });

  it('ends the uploads of a run and names those that were not received', async () => {
    const { stores, newId } = context();
    const runId = newId('run');
    const [open, received] = [anUpload({ id: newId('upload'), runId }), anUpload({ id: newId('upload'), runId })];
    await stores.uploads.insertMany([open, received]);
    await stores.uploads.receive(received.id);
    expect(await stores.uploads.endByRun(runId)).toEqual([{ ...open, status: 'ended' }]);
    const statuses = (await stores.uploads.listByRun(runId)).map((upload) => upload.status);
    expect(statuses).toEqual(['ended', 'ended']);
    expect(await stores.uploads.receive(open.id)).toBeUndefined();
    expect(await stores.uploads.endByRun(runId)).toEqual([]);
  });

  it('lists uploads whose time is over', async () => {
    const { stores, newId } = context();
    const jobId = newId('job');
    const expiring = (ms: number) =>
      anUpload({ id: newId('upload'), jobId, runId: newId('run'), expiresAt: new Date(ms) });
    const [one, two, three, done] = [expiring(1_000), expiring(2_000), expiring(3_000), expiring(1_000)];
    await stores.uploads.insertMany([three, two, one, done]);
    await stores.uploads.receive(done.id);
    expect(await stores.uploads.listExpired({ now: new Date(2_000), limit: 10 })).toEqual([one, two]);
    expect(await stores.uploads.listExpired({ now: new Date(2_000), limit: 1 })).toEqual([one]);
    await stores.uploads.deleteByJob(jobId);
    expect(await stores.uploads.listExpired({ now: new Date(9_000), limit: 10 })).toEqual([]);
  });

  it('keeps the first evaluation of a run', async () => {
    const { stores, newId } = context();
    const evaluation = anEvaluation({ runId: newId('run'), jobId: newId('job'), metrics: { 'a.b': 1, $c: -0.5 } });
    const others = Array.from({ length: 5 }, (_, index) => ({ ...evaluation, seconds: index + 10 }));
    expect(await stores.evaluations.insert(evaluation)).toBe(true);
    const answers = await Promise.all(others.map((other) => stores.evaluations.insert(other)));
    expect(answers).toEqual([false, false, false, false, false]);
    expect(await stores.evaluations.find(evaluation.runId)).toEqual(evaluation);
    expect(await stores.evaluations.listByJob(evaluation.jobId)).toEqual([evaluation]);
    await stores.evaluations.deleteByJob(evaluation.jobId);
    expect(await stores.evaluations.find(evaluation.runId)).toBeUndefined();
  });

  it('keeps a rejection', async () => {
    const { stores, newId } = context();
    const rejection = { code: 'outputs_wrong', message: 'The model has no probabilities.' } as const;
    const evaluation = anEvaluation({
      runId: newId('run'),
      verdict: 'rejected',
      rejection,
      selection: null,
      report: null,
    });
    await stores.evaluations.insert(evaluation);
    expect(await stores.evaluations.find(evaluation.runId)).toEqual(evaluation);
  });

  it('lists the files of an account newest first, also while they are deleted', async () => {
    const { stores, newId } = context();
    const accountId = newId('account');
    const files = [1, 2, 3].map((bytes) => aFile({ id: newId('file'), accountId, bytes, filename: '' }));
    for (const file of files) await stores.files.insert(file);
    await stores.files.insert(aFile({ id: newId('file'), accountId: newId('account') }));
    const results = aFile({ id: newId('file'), accountId, purpose: 'fine-tune-results' });
    await stores.files.insert(results);
    expect(await stores.files.list({ accountId, limit: 1 })).toEqual([results]);
    const query = { accountId, purpose: 'fine-tune', limit: 1 };
    const listed = [];
    let [file] = await stores.files.list(query);
    while (file) {
      listed.push(file);
      await stores.files.delete(file.id);
      [file] = await stores.files.list({ ...query, after: file.id });
    }
    expect(listed).toEqual(files.toReversed());
    expect(await stores.files.find(files[0]!.id)).toBeUndefined();
    expect(await stores.files.find(results.id)).toEqual(results);
  });
}
