import { ApiError, createMinerClient } from '@agon/client';
import { type Clock, type SigningKey, signRequest } from '@agon/kit';
import { bad, type Finding, good, known } from './finding.ts';

const answerMsMax = 10_000;
const skewSecondsMax = 60;

export type ServiceQuestion = {
  readonly url: string;
  readonly key: SigningKey;
  readonly clock: Clock;
  readonly newNonce: () => string;
};

/** Whether the service answers, agrees on the time, and knows this miner's key. */
export async function checkService(question: ServiceQuestion): Promise<Finding[]> {
  const { url, clock } = question;
  const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(answerMsMax) }).catch(() => undefined);
  if (!response?.ok) {
    const fix = 'Check --url and the network; a miner needs outbound HTTP only.';
    return [bad('service', `${url} does not answer.`, fix)];
  }
  const findings = [good('service', `${url} answers`)];
  const serviceMs = Date.parse(response.headers.get('date') ?? '');
  if (Number.isFinite(serviceMs)) findings.push(checkClock((clock.nowMs() - serviceMs) / 1_000));
  return [...findings, await checkKey(question)];
}

/** @param skewSeconds how far this machine's clock is ahead; the service's own is read in whole seconds. */
export function checkClock(skewSeconds: number): Finding {
  const message = `${Math.abs(skewSeconds).toFixed(0)} s ${skewSeconds < 0 ? 'behind' : 'ahead of'} the service`;
  return Math.abs(skewSeconds) < skewSecondsMax
    ? good('clock', message)
    : bad('clock', message, 'Signed requests are refused past 60 s: turn on time synchronisation (NTP).');
}

async function checkKey({ url, key, clock, newNonce }: ServiceQuestion): Promise<Finding> {
  const client = createMinerClient({
    baseUrl: url,
    sign: ({ method, path, body }) => {
      const { pathname, search } = new URL(path, url);
      const createdSeconds = Math.floor(clock.nowMs() / 1_000);
      return signRequest({ method, path: pathname, query: search, body }, { key, createdSeconds, nonce: newNonce() });
    },
  });
  try {
    await client.runs();
    return good('key', `${key.publicKey} is registered`);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.code === 'miner_not_registered') return known('key', `${key.publicKey} registers at the first start`);
    return bad('key', `${error.code}: ${error.message}`, error.help ?? 'Ask the operator of the service.');
  }
}
