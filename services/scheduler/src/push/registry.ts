import { AppError } from '@agon/contracts';
import { type Hub, hubMount } from '@agon/hub';

/** A hub that models are pushed to, as @huggingface/hub speaks to it. */
export type PushTarget = {
  readonly hubUrl: string;
  readonly accessToken: string;
  readonly fetch: typeof fetch;
  /** Where a person finds the repo. */
  readonly urlOf: (repo: string) => string;
};

/** The service's own hub, which is in this process: its requests leave it nowhere. */
export type Registry = {
  /** Speaks as this account. */
  targetFor(accountId: string): PushTarget;
};

/** The client insists on a token; who asks is known without one. */
const noToken = 'hf_in_this_process';
/** Is never looked up: the requests stay in this process. */
const nowhere = 'http://registry.invalid';

/** @param publicUrl where people reach the service, or `''` */
export const ownRegistry = (hub: Pick<Hub, 'fetchAs'>, publicUrl: string): Registry => ({
  targetFor: (accountId) => ({
    hubUrl: `${nowhere}${hubMount}`,
    accessToken: noToken,
    fetch: hub.fetchAs(accountId),
    urlOf: (repo) => `${publicUrl}${hubMount}/${repo}`,
  }),
});

/** The hub that the operator named; null where pushes are off. */
export type PushHub = { readonly url: string; readonly token: string | null; readonly fetch: typeof fetch };

/** @throws AppError `hub_token_missing` where neither the push nor the service has a token. */
export function hubTarget(hub: PushHub, token: string | null): PushTarget {
  const accessToken = token ?? hub.token;
  if (accessToken === null) throw new AppError('hub_token_missing', `There is no token for ${hub.url}.`);
  return { hubUrl: hub.url, accessToken, fetch: hub.fetch, urlOf: (repo) => `${hub.url}/${repo}` };
}
