import { AppError, type HandlerOutcome, limits } from '@agon/contracts';
import { openSealed } from '@agon/kit';
import type { ModelRecord, PushChange, PushRecord } from '@agon/store';
import { nowDate, type SchedulerDeps } from '../scheduler-deps.ts';
import { type PushFault, pushFaultOf } from './push-fault.ts';
import { pushRepo } from './push-repo.ts';
import { hubTarget, type PushTarget } from './registry.ts';
import { reposOf } from './repo-files.ts';
import { sayPush, sayShare } from './say-push.ts';

const touchMs = 5_000;

/**
 * Delivers a model to a repo: one attempt. Safe to deliver twice: an attempt is claimed, and what the repo has already
 * is left as it is. A hub that is away is tried again later and later, for days; the model itself is safe meanwhile.
 */
export async function deliverPush(deps: SchedulerDeps, { pushId }: { pushId: string }): Promise<HandlerOutcome> {
  const now = nowDate(deps);
  const silentSince = new Date(now.getTime() - limits.pushSilenceMs);
  const push = await deps.stores.pushes.claim({ pushId, now, silentSince });
  if (!push) return 'skipped';
  const model = await deps.stores.models.find(push.modelId);
  if (!model) {
    await settle(deps, push, 'failed', { message: 'The model was deleted.' });
    return 'done';
  }
  const fault = await attempt(deps, push, model);
  if (fault) await later(deps, push, fault);
  return 'done';
}

/** Answers what went wrong, or undefined where the push is done. */
async function attempt(deps: SchedulerDeps, push: PushRecord, model: ModelRecord): Promise<PushFault | undefined> {
  const over = new AbortController();
  const signal = AbortSignal.any([deps.stopping, over.signal]);
  const at = { progress: 0 };
  const beat = setInterval(() => {
    const touched = { pushId: push.id, attempt: push.attempts, ...at, now: nowDate(deps) };
    const held = deps.stores.pushes.touch(touched);
    held.then((ours) => ours || over.abort()).catch((error) => deps.log.warn({ err: error }, 'a push was not touched'));
  }, touchMs);
  try {
    const target = targetOf(deps, push);
    const commit = await pushAll(deps, { push, model, target, signal, at });
    const url = target.urlOf(push.repo);
    const done = await settle(deps, push, 'done', { message: null, url, commit: commit ?? push.commit });
    if (done)
      await sayPush(deps, push, { type: 'push.done', message: `The model is at ${url}.`, data: { url, commit } });
    return undefined;
  } catch (error) {
    deps.log.warn({ err: error, pushId: push.id, repo: push.repo }, 'a push failed');
    return pushFaultOf(error, push.repo);
  } finally {
    clearInterval(beat);
  }
}

function targetOf(deps: SchedulerDeps, push: PushRecord): PushTarget {
  if (push.where === 'registry') return deps.registry.targetFor(push.accountId);
  if (deps.pushHub === null) throw new AppError('hub_pushes_off', 'This service pushes to no hub.');
  // A client's token that does not open is never replaced by the service's own, which may write elsewhere.
  const token = push.token === null ? null : openSealed(deps.sealer, push.token, push.id);
  return hubTarget(deps.pushHub, token);
}

/** @returns the commit in the repo that was asked for */
async function pushAll(
  deps: SchedulerDeps,
  input: { push: PushRecord; model: ModelRecord; target: PushTarget; signal: AbortSignal; at: { progress: number } },
): Promise<string | null> {
  const { push, model, target, signal, at } = input;
  const title = `${model.name}, the winner of ${model.jobId}`;
  const description = `Published by Agon as ${model.id}.`;
  let first: string | null = null;
  // The repo that was asked for comes last: when it is complete, all is.
  const repos = reposOf(push.repo, model.files).toReversed();
  for (const [index, content] of repos.entries()) {
    // Within one process nothing has to move, so there is nothing to tell.
    const say = push.where === 'hub' ? sayShare(deps, push, content.repo) : undefined;
    const onProgress = (share: number): void => {
      at.progress = (index + share) / repos.length;
      say?.share(share);
    };
    const wish = { ...content, private: push.private, title, description, onProgress };
    first = await pushRepo(deps.artifacts, target, wish, signal);
    await say?.said();
  }
  return first;
}

const settle = (
  deps: SchedulerDeps,
  push: PushRecord,
  to: 'pending' | 'done' | 'failed',
  set: PushChange,
): Promise<PushRecord | undefined> =>
  deps.stores.pushes.settle({ pushId: push.id, attempt: push.attempts, to, set, now: nowDate(deps) });

/** Twice as long after every attempt, up to half an hour. */
export const retryMs = (attempt: number): number =>
  Math.min(limits.pushRetryMsMax, limits.pushRetryMsMin * 2 ** Math.min(attempt - 1, 20));

async function later(deps: SchedulerDeps, push: PushRecord, fault: PushFault): Promise<void> {
  const nowMs = deps.clock.nowMs();
  const given = nowMs - push.askedAt.getTime() > limits.pushTryMs;
  if (!fault.again || given) {
    const message = given
      ? `${fault.message} It was given up after days; ask again when the hub is back.`
      : fault.message;
    const failed = await settle(deps, push, 'failed', { message });
    if (failed) await sayPush(deps, push, { type: 'push.failed', level: 'error', message: `${push.repo}: ${message}` });
    return;
  }
  const delayMs = deps.stopping.aborted ? 0 : retryMs(push.attempts);
  const nextAttemptAt = new Date(nowMs + delayMs);
  const delayed = await settle(deps, push, 'pending', { message: fault.message, nextAttemptAt });
  if (!delayed) return;
  const message = `${push.repo}: ${fault.message} Attempt ${push.attempts + 1} is in ${Math.round(delayMs / 1000)} s.`;
  await sayPush(deps, push, {
    type: 'push.delayed',
    level: 'warn',
    message,
    data: { next_attempt_in_seconds: delayMs / 1000 },
  });
  await deps.queue.add('job.push', { pushId: push.id }, { delayMs });
}
