import type { UploadPartRecord } from '@agon/store';
import { aFile, aFileUpload, aJob, aJobSpec } from '@agon/testing';
import { expect, test } from 'vitest';
import { crashEverywhere } from '../testing/crash-everywhere.ts';
import { emptyScenario, once, type Scenario } from '../testing/race-scenario.ts';
import { expireFileUploads } from './expire-file-uploads.ts';
import { expireFiles } from './expire-files.ts';

const uploadId = 'upload_00000001';
type Set = Parameters<typeof aFileUpload>[0];

/** An upload with a part, at which somebody has to look. */
async function due(set: Set = {}): Promise<Scenario> {
  const scenario = emptyScenario();
  const now = scenario.clock.date();
  await scenario.stores.fileUploads.insert(aFileUpload({ id: uploadId, dueAt: now, expiresAt: now, ...set }));
  const blob = await scenario.artifacts.put(once('rows'));
  const part: UploadPartRecord = { id: 'part_00000001', uploadId, ...blob, createdAt: now, goneAt: now };
  await scenario.stores.fileUploads.addPart({ part, now, partsMax: 1, bytesMax: 10 });
  return scenario;
}

const completed = async (): Promise<Scenario> => {
  const { sha256, bytes } = await emptyScenario().artifacts.put(once('rows'));
  return due({ status: 'completed', file: { id: 'file-00000009', sha256, bytes }, partIds: ['part_00000001'] });
};

test('an upload that took too long is expired and its parts go', async () => {
  const scenario = await due();
  expect(await expireFileUploads(scenario)).toBe(1);
  expect(await scenario.stores.fileUploads.find(uploadId)).toMatchObject({ status: 'expired', dueAt: null });
  expect(await scenario.stores.fileUploads.listParts(uploadId)).toEqual([]);
  expect(await expireFileUploads(scenario)).toBe(0);
});

test('an upload that has time left stays', async () => {
  const scenario = await due({ dueAt: new Date(Date.UTC(2100, 0, 1)) });
  expect(await expireFileUploads(scenario)).toBe(0);
  expect(await scenario.stores.fileUploads.find(uploadId)).toMatchObject({ status: 'pending' });
});

test('a completed upload whose request died becomes its file, wherever this dies too', async () => {
  const scenario = await completed();
  await expireFileUploads(scenario);
  expect(scenario.stores.fileRecords.get('file-00000009')).toMatchObject({ filename: 'rows.jsonl', bytes: 4 });
  const points = await crashEverywhere({
    build: completed,
    deliver: (deps) => expireFileUploads(deps),
    view: ({ blobs, files, fileUploads }) => ({ blobs, files, fileUploads }),
  });
  expect(points).toBeGreaterThan(4);
});

test('a file goes when its time is over, unless a job still prepares from it', async () => {
  const { stores, ...scenario } = emptyScenario();
  const expiresAt = scenario.clock.date();
  await stores.files.insert(aFile({ id: 'file-00000001', expiresAt }));
  await stores.files.insert(aFile({ id: 'file-00000002', expiresAt }));
  await stores.files.insert(aFile({ id: 'file-00000003', expiresAt: null }));
  const job = aJob({ spec: aJobSpec({ training_file: 'file-00000002' }) });
  await stores.jobs.insert(job, { type: 'job.created', message: '' });
  expect(await expireFiles({ stores, ...scenario })).toBe(1);
  expect([...stores.fileRecords.keys()]).toEqual(['file-00000002', 'file-00000003']);
});
