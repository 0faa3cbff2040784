import { chat } from './chat.ts';
import { preference } from './preference.ts';
import { tabular } from './tabular.ts';
import type { TaskModules } from './task-module.ts';
import { textClassification } from './text-classification.ts';

/** Every task and the module that scores it. */
export const taskModules: TaskModules = {
  'tabular-classification': tabular,
  'tabular-regression': tabular,
  'text-classification': textClassification,
  chat,
  preference,
};
