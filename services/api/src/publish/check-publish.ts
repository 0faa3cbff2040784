import { AppError, type CreatePublish, type TaskName, taskTable } from '@agon/contracts';
import type { PushDesk } from './push-desk.ts';

/**
 * Refuses a push that cannot succeed: no hub, no token, no way to keep one, or a token that the hub does not take.
 *
 * @param at where in the body the wish stands, for `param`
 * @throws AppError `hub_pushes_off`, `hub_token_missing`, `hub_token_refused`, `tokens_not_kept`
 */
export async function checkPush(desk: PushDesk, wish: { token?: string | undefined }, at: string): Promise<void> {
  const param = (name: string) => ({ param: `${at}${name}` });
  if (desk.hubUrl === null) {
    throw new AppError('hub_pushes_off', 'This service pushes to no hub.', param('repo'));
  }
  if (wish.token === undefined) {
    if (desk.hasToken) return;
    throw new AppError('hub_token_missing', `A push to ${desk.hubUrl} needs a token.`, param('token'));
  }
  if (desk.sealer === null) {
    throw new AppError('tokens_not_kept', 'This service has no key to seal tokens with.', param('token'));
  }
  if ((await desk.checkToken(wish.token)) === 'refused') {
    throw new AppError('hub_token_refused', `${desk.hubUrl} does not take this token.`, param('token'));
  }
}

/**
 * Refuses files that the task's winners cannot have.
 *
 * @throws AppError `publish_unsuitable`
 */
export function checkFiles(task: TaskName, { merged }: CreatePublish): void {
  if (!merged || taskTable[task].baseModel === 'required') return;
  const message = `Winners of ${task} are no adapters, so there is nothing to merge.`;
  throw new AppError('publish_unsuitable', message, { param: 'publish.merged' });
}
