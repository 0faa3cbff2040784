import { z } from 'zod';

/** The kinds of ids and the prefix that each carries. */
export const idPrefixes = {
  job: 'job_',
  run: 'run_',
  submission: 'sub_',
  file: 'file-',
  miner: 'miner_',
  event: 'evt_',
  model: 'model_',
  key: 'key_',
  account: 'acct_',
  upload: 'upl_',
  push: 'push_',
  fileUpload: 'upload_',
  uploadPart: 'part_',
  webhook: 'whk_',
  repo: 'repo_',
} as const;

export type IdKind = keyof typeof idPrefixes;

/** Ids of one kind. */
export const idOf = (kind: IdKind) =>
  z
    .string()
    .regex(new RegExp(`^${idPrefixes[kind]}[0-9a-z]{8,64}$`), `must be an id that starts with ${idPrefixes[kind]}`);

export const JobId = idOf('job');
export const RunId = idOf('run');
export const SubmissionId = idOf('submission');
export const FileId = idOf('file');
export const MinerId = idOf('miner');
export const ModelId = idOf('model');
export const KeyId = idOf('key');
export const AccountId = idOf('account');
export const UploadId = idOf('upload');
export const FileUploadId = idOf('fileUpload');
export const UploadPartId = idOf('uploadPart');

/** One model per job, so its id is made of the job's. */
export const modelIdOfJob = (jobId: string): string => idPrefixes.model + jobId.slice(idPrefixes.job.length);

export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a sha256 in 64 lower-case hex digits');
/** Unix time in whole seconds, as OpenAI's API speaks it. */
export const UnixSeconds = z.int();
