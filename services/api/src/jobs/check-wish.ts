import { AppError, type CreateJob, type TaskName, taskTable } from '@agon/contracts';

/**
 * Checks what a job asks for against what its task takes: target, columns, base model, bounds of text.
 *
 * @throws AppError `target_missing`, `target_unsuitable`, `base_model_missing`, `base_model_unsuitable`,
 * `invalid_request`
 */
export function checkWish(task: TaskName, spec: CreateJob): void {
  checkTarget(task, spec);
  const { baseModel, data } = taskTable[task];
  if (baseModel === 'none' && spec.base_model !== undefined) {
    const message = `${task} starts from no base model; leave \`base_model\` out, or choose a task of texts.`;
    throw new AppError('base_model_unsuitable', message, { param: 'base_model' });
  }
  if (baseModel === 'required' && spec.base_model === undefined) {
    const message = `${task} starts from a base model; name one as \`org/name\`, or say \`auto\`.`;
    throw new AppError('base_model_missing', message, { param: 'base_model' });
  }
  if (data === 'text') return;
  const param = isEmpty(spec.columns) ? (isEmpty(spec.text) ? undefined : 'text') : 'columns';
  if (param) throw new AppError('invalid_request', `${param}: is of text tasks; ${task} reads a table`, { param });
}

const isEmpty = (object: object): boolean => Object.values(object).every((value) => value === undefined);

function checkTarget(task: TaskName, { target }: CreateJob): void {
  if (taskTable[task].target && target === undefined)
    throw new AppError('target_missing', `${task} needs the column to predict as \`target\`.`, { param: 'target' });
  if (taskTable[task].target || target === undefined) return;
  const message = `${task} has no target; leave \`target\` out, and say in \`columns\` which column holds what where the names are not the usual ones.`;
  throw new AppError('target_unsuitable', message, { param: 'target' });
}
