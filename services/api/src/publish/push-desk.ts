import type { Sealer } from '@agon/kit';

/** What the api knows of the hub that winners may be pushed to. Its address is the operator's, never a client's. */
export type PushDesk = {
  /** Null where the operator allows no pushes. */
  readonly hubUrl: string | null;
  /** Whether the service has a token of its own. */
  readonly hasToken: boolean;
  /** Seals the tokens of clients; null where the operator gave no key for it. */
  readonly sealer: Sealer | null;
  /** Asks the hub whom a token belongs to. `unknown` where the hub gives no answer in time. */
  readonly checkToken: (token: string) => Promise<'taken' | 'refused' | 'unknown'>;
};

const answerMs = 4_000;

/** @param settings.hubUrl without a slash at the end */
export function createPushDesk(settings: {
  hubUrl: string | null;
  hasToken: boolean;
  sealer: Sealer | null;
}): PushDesk {
  return {
    ...settings,
    async checkToken(token) {
      try {
        const response = await fetch(`${settings.hubUrl}/api/whoami-v2`, {
          headers: { authorization: `Bearer ${token}` },
          redirect: 'error',
          signal: AbortSignal.timeout(answerMs),
        });
        await response.body?.cancel();
        return response.status === 401 || response.status === 403 ? 'refused' : 'taken';
      } catch {
        return 'unknown';
      }
    },
  };
}
