import type { Sealer } from '@agon/kit';
import { type PushRecord, pendingPush } from '@agon/store';

type Wish = { readonly repo: string; readonly private: boolean; readonly token?: string | undefined };

/** The record of a push to the hub; its token is sealed. */
export function newPush(
  input: Pick<PushRecord, 'modelId' | 'jobId' | 'accountId'> & { wish: Wish; sealer: Sealer | null; now: Date },
): PushRecord {
  const { wish, sealer, now, ...owner } = input;
  const push = pendingPush({ ...owner, where: 'hub', repo: wish.repo, private: wish.private, now });
  return { ...push, token: sealedToken(sealer, push.id, wish.token) };
}

/** A token opens only for the push that it was given for. */
const sealedToken = (sealer: Sealer | null, pushId: string, token: string | undefined): string | null =>
  token === undefined || sealer === null ? null : sealer.seal(token, pushId);
