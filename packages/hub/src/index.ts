/**
 * The registry: the server side of the Hugging Face hub protocol over our stores. May import contracts, kit and the types
 * of the store; the api mounts it at `/hub`, the scheduler publishes through it in process.
 */
export { namespaceOf } from './namespaces/namespace-of.ts';
export { namespaceSlug } from './namespaces/slug.ts';
