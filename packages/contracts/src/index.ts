/**
 * What is said between processes: nouns as zod schemas, states and their moves, the job catalog, the error table,
 * limits. Imports only zod, so that it runs in a browser too. Everyone may import it.
 */
export * from './api-key.ts';
export * from './app-error.ts';
export * from './base-model.ts';
export * from './chat-completion.ts';
export * from './dataset.ts';
export * from './error-envelope.ts';
export * from './error-table.ts';
export * from './event.ts';
export * from './file.ts';
export * from './file-upload.ts';
export * from './fine-tuning.ts';
export * from './hub.ts';
export * from './ids.ts';
export * from './job.ts';
export * from './job-catalog.ts';
export * from './job-status.ts';
export * from './limits.ts';
export * from './metadata.ts';
export * from './metric.ts';
export * from './miner-protocol.ts';
export * from './model.ts';
export * from './page.ts';
export * from './publish.ts';
export * from './receipt.ts';
export * from './run.ts';
export * from './run-status.ts';
export * from './seat-status.ts';
export * from './signal.ts';
export * from './submission-path.ts';
export * from './task.ts';
export * from './text.ts';
export * from './trainer.ts';
export * from './webhook.ts';
