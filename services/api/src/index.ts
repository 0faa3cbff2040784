/**
 * The api: authenticates, checks, stores, enqueues, answers. May import contracts, domain, dataset, kit, store, onnx and
 * queue/producer. Run as a process (main.ts); its description is written to docs/openapi.json by tools.
 */
export { type Api, buildApp } from './app.ts';
export type { AppDeps, Settings } from './deps.ts';
export { openApiDocument } from './openapi/openapi-document.ts';
