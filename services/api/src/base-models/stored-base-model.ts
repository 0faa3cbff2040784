import type { Stores } from '@agon/store';
import { findBaseModel } from './base-model-wire.ts';
import type { ResolveBaseModel } from './resolve-type.ts';

/** Resolves only what is in the store. */
export const storedBaseModel =
  (stores: Pick<Stores, 'baseModels'>): ResolveBaseModel =>
  async ({ name }) => ({ model: await findBaseModel(stores, name), why: null });
