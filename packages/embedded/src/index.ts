/**
 * Starts a private Redis and a private MongoDB-compatible server under a folder, for a run without addresses. May import
 * contracts and kit. Called by the `agon` command and by tests that want real servers.
 */
export type { RunningServer } from './child.ts';
export type { Log } from './log.ts';
export { type StartMongoOptions, startMongo } from './mongo/start.ts';
export { type StartRedisOptions, startRedis } from './redis/start.ts';
export { type Embedded, type StartEmbeddedOptions, startEmbedded } from './start.ts';
