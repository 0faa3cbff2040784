export * from './artifact-store.ts';
export * from './file-uploads.ts';
export * from './hub-records.ts';
export * from './hub-stores.ts';
export * from './push-store.ts';
export * from './records.ts';
export * from './stores.ts';
export * from './webhooks.ts';
