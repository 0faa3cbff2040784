export * from './artifact-store.ts';
export * from './records.ts';
export * from './stores.ts';
