/**
 * The registry: the server side of the Hugging Face hub protocol over our stores. May import contracts, kit and the types
 * of the store; the api mounts it at `/hub`, the scheduler publishes through it in process.
 */
export { buildHub, type Hub, hubMount } from './build-hub.ts';
export { settleCommits } from './commits/settle-commits.ts';
export { refusal, toAppError } from './http/errors.ts';
export type { HubAnswer, HubRequest } from './http/exchange.ts';
export type { HubCaller, HubDeps } from './hub-deps.ts';
export { namespaceOf } from './namespaces/namespace-of.ts';
export { namespaceSlug } from './namespaces/slug.ts';
export { purgeRepo } from './repos/purge-repo.ts';
