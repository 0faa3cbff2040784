import type { HubBlobRecord, HubCommitRecord, HubRefRecord, HubRepoRecord, HubUploadRecord } from '@agon/store';
import { aBlob, builtAt } from './builders.ts';

export const aRepo = (overrides: Partial<HubRepoRecord> = {}): HubRepoRecord => ({
  id: 'repo_00000001',
  accountId: 'acct_00000001',
  type: 'model',
  namespace: 'alice',
  name: 'rows',
  private: false,
  createdAt: builtAt,
  updatedAt: builtAt,
  deletedAt: null,
  ...overrides,
});

export const aRef = (overrides: Partial<HubRefRecord> = {}): HubRefRecord => ({
  repoId: 'repo_00000001',
  kind: 'branch',
  name: 'main',
  commitId: 'a'.repeat(40),
  createdAt: builtAt,
  ...overrides,
});

export const aCommit = (overrides: Partial<HubCommitRecord> = {}): HubCommitRecord => ({
  id: 'a'.repeat(40),
  repoId: 'repo_00000001',
  parentId: null,
  tree: aBlob(20),
  files: 1,
  bytes: 100,
  title: 'Add a file',
  description: '',
  author: 'alice',
  createdAt: builtAt,
  settled: true,
  ...overrides,
});

export const aHeldBlob = (overrides: Partial<HubBlobRecord> = {}): HubBlobRecord => ({
  repoId: 'repo_00000001',
  accountId: 'acct_00000001',
  ...aBlob(21),
  expiresAt: null,
  ...overrides,
});

export const aHubUpload = (overrides: Partial<HubUploadRecord> = {}): HubUploadRecord => ({
  id: 'upload_of_a_blob_01',
  repoId: 'repo_00000001',
  accountId: 'acct_00000001',
  ...aBlob(22),
  partBytes: null,
  expiresAt: new Date(builtAt.getTime() + 24 * 60 * 60_000),
  ...overrides,
});
