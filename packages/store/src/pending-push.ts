import { createHash } from 'node:crypto';
import { idPrefixes } from '@agon/contracts';
import type { PushRecord } from './ports/index.ts';

const digits = 32;

/** The id of the push of a model to a repo: asking twice is the same push. */
export function pushIdOf({ modelId, where, repo }: Pick<PushRecord, 'modelId' | 'where' | 'repo'>): string {
  const hash = createHash('sha256').update(`${modelId} ${where} ${repo}`).digest('hex');
  return idPrefixes.push + hash.slice(0, digits);
}

/** A push that was asked for and never tried. */
export function pendingPush(
  wish: Pick<PushRecord, 'modelId' | 'jobId' | 'accountId' | 'where' | 'repo' | 'private'> & { now: Date },
): PushRecord {
  const { now, ...push } = wish;
  return {
    id: pushIdOf(push),
    ...push,
    token: null,
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
