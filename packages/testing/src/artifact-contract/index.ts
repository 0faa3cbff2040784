/**
 * What every artifact store must do. An adapter's test calls `artifactStoreContract` with a way to open it.
 */
import type { ArtifactStore } from '@agon/store';
import { afterAll, beforeAll, describe } from 'vitest';
import { blobContract } from './blobs.ts';
import { stagingContract } from './staging.ts';

export type OpenedArtifactStore = { store: ArtifactStore; close(): Promise<void> };

/** @param open opens an empty store. */
export function artifactStoreContract(name: string, open: () => Promise<OpenedArtifactStore>): void {
  describe(name, () => {
    let opened: OpenedArtifactStore;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened?.close());

    describe('blobs', () => blobContract(() => opened.store));
    describe('staging', () => stagingContract(() => opened.store));
  });
}
