/**
 * Base models, which jobs start from: reads models in Hugging Face's layout, keeps the files that jobs need, fetches
 * from a hub, and chooses one where the client leaves it open. May import contracts, domain, kit, model-graph and the
 * types of the store; the api and the scheduler call it. `./folder` is for the command line.
 */
export { type CatalogueEntry, catalogue } from './auto/catalogue.ts';
export type { FetchProgress } from './hub/fetch-model.ts';
export { type Hub, openHub } from './hub/hub.ts';
export { hubOfSettings, hubSettings, pushHubOf } from './hub-settings.ts';
export { type BaseModelImport, importBaseModel } from './import-base-model.ts';
export {
  type BaseModelQuestion,
  type BaseModels,
  createBaseModels,
  type NamedBaseModel,
  type ResolvedBaseModel,
} from './resolve-base-model.ts';
export { idOf, type ModelBlob, revisionOf } from './revision.ts';
