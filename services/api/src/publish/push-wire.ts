import type { Push } from '@agon/contracts';
import { unixSeconds } from '@agon/kit';
import type { PushRecord } from '@agon/store';

/** A push as clients read it: without its token. */
export const pushWire = (push: PushRecord): Push => ({
  id: push.id,
  object: 'push',
  where: push.where,
  repo: push.repo,
  private: push.private,
  status: push.status,
  attempts: push.attempts,
  progress: push.progress,
  message: push.message,
  url: push.url,
  commit: push.commit,
  next_attempt_at: push.nextAttemptAt ? unixSeconds(push.nextAttemptAt) : null,
  updated_at: unixSeconds(push.updatedAt),
});

/** The pushes of one model among those of several. */
export const pushesOf = (pushes: readonly PushRecord[], modelId: string): PushRecord[] =>
  pushes.filter((push) => push.modelId === modelId);
