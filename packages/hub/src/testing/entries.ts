import { aBlob } from '@agon/testing';
import type { TreeEntry } from '../tree/tree.ts';

export const anEntry = (overrides: Partial<TreeEntry> = {}): TreeEntry => ({
  path: 'README.md',
  ...aBlob(1),
  oid: 'e'.repeat(40),
  lfs: false,
  since: { id: 'a'.repeat(40), title: 'Add', date: '2026-01-01T00:00:00.000Z' },
  ...overrides,
});
