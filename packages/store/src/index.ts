/**
 * The truth: ports for every noun that is kept, their MongoDB adapters, and artifact stores for bytes. May import
 * contracts and kit; the only package that imports mongoose. The api, scheduler and evaluator call it.
 */
export * from './ports/index.ts';
