/**
 * For tests only: records with sane fields, a clock that stands, ids in order, a queue in memory, and addresses of real
 * servers. May import every package. Tests of packages and services call it.
 */
export * from './account-builders.ts';
export * from './base-model-builder.ts';
export * from './builders.ts';
export * from './cuttable-proxy.ts';
export * from './fixed-clock.ts';
export * from './hub-builders.ts';
export * from './memory-queue.ts';
export * from './private-servers.ts';
export * from './sequential-ids.ts';
export * from './test-servers.ts';
export * from './tiny-model.ts';
