import { tabular } from './tabular.ts';
import type { TaskModules } from './task-module.ts';

/** Every task and the module that scores it. */
export const taskModules: TaskModules = {
  'tabular-classification': tabular,
  'tabular-regression': tabular,
};
