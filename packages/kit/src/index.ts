/**
 * Process chores: configuration, log, shutdown, clock, ids, retries, safe paths, signatures. May import contracts.
 * Every service, the command line and the stores call it.
 */
export * from './byte-range.ts';
export * from './canonical-json.ts';
export * from './clock.ts';
export * from './config.ts';
export * from './ed25519.ts';
export * from './health.ts';
export * from './http-signature.ts';
export * from './inside.ts';
export * from './logger.ts';
export * from './new-id.ts';
export * from './process-folder.ts';
export * from './public-address.ts';
export * from './retry.ts';
export * from './run-service.ts';
export * from './sealer.ts';
export * from './shutdown.ts';
export * from './signed-receipt.ts';
export * from './signing-key-file.ts';
export * from './webhook-secret.ts';
export * from './webhook-signature.ts';
