import type { Sealer } from '@agon/kit';
import { type PushRecord, pushIdOf } from '@agon/store';

type Wish = { readonly repo: string; readonly private: boolean; readonly token?: string | undefined };

/** The record of a push to the hub; its token is sealed. */
export function newPush(
  input: Pick<PushRecord, 'modelId' | 'jobId' | 'accountId'> & { wish: Wish; sealer: Sealer | null; now: Date },
): PushRecord {
  const { wish, sealer, now, ...owner } = input;
  const id = pushIdOf({ ...owner, where: 'hub', repo: wish.repo });
  return {
    id,
    ...owner,
    where: 'hub',
    repo: wish.repo,
    private: wish.private,
    token: sealedToken(sealer, id, wish.token),
    status: 'pending',
    attempts: 0,
    progress: 0,
    message: null,
    url: null,
    commit: null,
    askedAt: now,
    nextAttemptAt: null,
    createdAt: now,
    updatedAt: now,
  };
}

/** A token opens only for the push that it was given for. */
const sealedToken = (sealer: Sealer | null, pushId: string, token: string | undefined): string | null =>
  token === undefined || sealer === null ? null : sealer.seal(token, pushId);
