/**
 * The truth: ports for every noun that is kept, their MongoDB adapters, and artifact stores for bytes. May import
 * contracts and kit; the only package that imports mongoose and the S3 client. The api, scheduler and evaluator call it.
 */

export { type FileArtifactStoreOptions, fileArtifactStore } from './artifacts/file-artifact-store.ts';
export { artifactSettings, type OpenArtifacts, openArtifacts, prepareArtifacts } from './artifacts/open-artifacts.ts';
export { connectStores, type StoreOptions } from './mongo/connect-stores.ts';
export * from './pending-push.ts';
export * from './ports/index.ts';
