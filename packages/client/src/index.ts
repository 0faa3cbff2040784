/**
 * Typed client of the service's API: what a client of jobs, a downloader and a miner can do. Imports types of
 * contracts and the error envelope, nothing of Node, so that it runs in browsers. The miner, the command line and
 * the dashboard call it.
 */
export { ApiError } from './api-error.ts';
export { type Client, type ClientOptions, type CreateJobInput, createClient, type PageOptions } from './client.ts';
export { createMinerClient, type MinerClient } from './miner-client.ts';
export { readServerSentEvents, type ServerSentEvent } from './server-sent-events.ts';
export type { JobStreamItem } from './stream-job.ts';
export { type Authorize, type Fetch, urlPath } from './transport.ts';
