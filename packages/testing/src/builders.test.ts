import {
  CreateJob,
  JobId,
  JobResult,
  KeyId,
  MinerId,
  ModelId,
  RunId,
  Sha256,
  TableSchema,
  UploadId,
} from '@agon/contracts';
import { expect, it } from 'vitest';
import {
  aFile,
  aHash,
  aJobSpec,
  aKey,
  aMiner,
  aModel,
  anOpenJob,
  anUpload,
  aResult,
  aRun,
  aTable,
} from './builders.ts';
import { sequentialIds } from './sequential-ids.ts';

it('builds what the contracts allow', () => {
  expect(CreateJob.parse(aJobSpec())).toEqual(aJobSpec());
  expect(TableSchema.parse(aTable())).toEqual(aTable());
  expect(JobResult.parse(aResult())).toEqual(aResult());
  const ids = [
    [JobId, anOpenJob().id],
    [RunId, aRun().id],
    [MinerId, aMiner().id],
    [ModelId, aModel().id],
    [KeyId, aKey().id],
    [UploadId, anUpload().id],
    [Sha256, aFile().sha256],
    [Sha256, aHash(255)],
  ] as const;
  for (const [schema, id] of ids) expect(schema.parse(id)).toBe(id);
});

it('makes ids whose order is the order of making', () => {
  const newId = sequentialIds();
  const ids = Array.from({ length: 20 }, () => newId('job'));
  expect(ids).toEqual(ids.toSorted());
  expect(JobId.parse(ids[0])).toBe('job_00000001');
});
