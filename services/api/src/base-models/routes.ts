import { createBaseModel } from './create-base-model.ts';
import { deleteBaseModel } from './delete-base-model.ts';
import { getBaseModel, listBaseModels } from './read-base-models.ts';

export const baseModelRoutes = [createBaseModel, listBaseModels, getBaseModel, deleteBaseModel];
