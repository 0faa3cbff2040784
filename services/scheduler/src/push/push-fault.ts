import { AppError, type ErrorCode } from '@agon/contracts';
import { SealError } from '@agon/kit';
import { HubApiError } from '@huggingface/hub';
import { ForeignRepo } from './compare-repo.ts';
import { HubSilence } from './push-fetch.ts';

/** Why an attempt failed, as the client reads it, and whether another may succeed. */
export type PushFault = { readonly again: boolean; readonly message: string };

const charactersMax = 300;
/** Refusals of our own that only the operator or another request mends. */
const final = new Set<ErrorCode>(['hub_token_missing', 'hub_pushes_off']);

/** Answers of a hub that no later attempt changes. All others, and hubs without an answer, are tried again. */
const refusals: Readonly<Record<number, (repo: string) => string>> = {
  400: (repo) => `The hub refused the push to ${repo}.`,
  401: () => 'The hub does not take the token.',
  403: (repo) => `The token may not write to ${repo}; the name may belong to somebody else.`,
  413: (repo) => `The hub finds the model too large for ${repo}.`,
  422: (repo) => `The hub refused the push to ${repo}.`,
};

/** @param repo that was pushed to */
export function pushFaultOf(error: unknown, repo: string): PushFault {
  if (error instanceof ForeignRepo) {
    const message = `${repo} has files that were not pushed from here (${plain(error.message)}). Name another repo, or empty that one.`;
    return { again: false, message };
  }
  if (error instanceof SealError) {
    return { again: false, message: 'The token that was given can no longer be read. Ask again with a token.' };
  }
  if (error instanceof HubApiError) return hubAnswer(error, repo);
  if (error instanceof HubSilence) return { again: true, message: 'The hub fell silent.' };
  if (error instanceof AppError) return { again: !final.has(error.code), message: error.message };
  return { again: true, message: `The hub is out of reach${reasonOf(error)}.` };
}

function hubAnswer({ statusCode, data }: HubApiError, repo: string): PushFault {
  const said = typeof data?.error === 'string' ? data.error : '';
  const words = said === '' ? '' : ` It says: ${plain(said)}`;
  const refusal = Object.hasOwn(refusals, statusCode) ? refusals[statusCode] : undefined;
  if (refusal) return { again: false, message: `${refusal(repo)}${words}` };
  return { again: true, message: `The hub answered ${statusCode}.${words}` };
}

/** The code of a network fault, which is behind the library's own error. */
function reasonOf(error: unknown): string {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: { code?: unknown } };
  const known = [cause?.code, code].find((each) => typeof each === 'string' && /^[A-Z_]{3,40}$/.test(each));
  return known === undefined ? '' : ` (${String(known)})`;
}

const plain = (text: string): string => text.replaceAll(/\s+/g, ' ').slice(0, charactersMax);
