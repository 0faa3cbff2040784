import { ApiError, type MinerClient } from '@agon/client';
import { limits } from '@agon/contracts';
import type { Clock } from '@agon/kit';
import type { Check } from './check.ts';

const timeoutMs = 10_000;

type Answer = { readonly check: Omit<Check, 'name'>; readonly date: string | null; readonly roundTripMs: number };

/** Whether the service answers at all. */
export async function checkReach(baseUrl: string, clock: Clock): Promise<Answer> {
  const startedMs = clock.nowMs();
  const fix = 'Check --url (or AGON_URL), that the service runs, and the firewall between.';
  try {
    const response = await fetch(new URL('/healthz', baseUrl), { signal: AbortSignal.timeout(timeoutMs) });
    await response.body?.cancel();
    const roundTripMs = clock.nowMs() - startedMs;
    const date = response.headers.get('date');
    if (response.ok)
      return { check: { ok: true, message: `${baseUrl} answers in ${roundTripMs} ms.` }, date, roundTripMs };
    return {
      check: { ok: false, message: `${baseUrl} answers with status ${response.status}.`, fix },
      date,
      roundTripMs,
    };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
    return { check: { ok: false, message: `${baseUrl} does not answer${cause}.`, fix }, date: null, roundTripMs: 0 };
  }
}

/** Signatures carry the time, so a clock that is off makes every request refused. */
export function checkClock(date: string | null, at: { nowMs: number; roundTripMs: number }): Omit<Check, 'name'> {
  const serviceMs = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(serviceMs)) return { ok: null, message: 'The service did not say what time it is.' };
  // `Date` has whole seconds.
  const seconds = Math.round((at.nowMs - at.roundTripMs / 2 - serviceMs - 500) / 1000);
  const message = `The clock is ${Math.abs(seconds)} s ${seconds < 0 ? 'behind' : 'ahead of'} the service’s.`;
  if (Math.abs(seconds) < limits.signatureSkewSecondsMax / 2) return { ok: true, message };
  return { ok: false, message, fix: 'Set it: `timedatectl set-ntp true` keeps it right.' };
}

/** Whether the service takes what the key of this miner signs. A key that it does not know yet is fine. */
export async function checkKey(client: Pick<MinerClient, 'runs'>): Promise<Omit<Check, 'name'>> {
  try {
    await client.runs({ limit: 1 });
    return { ok: true, message: 'The service knows the key of this miner.' };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.code === 'miner_not_registered') {
      return { ok: true, message: 'The service takes the key; `agon mine start` registers it.' };
    }
    const fix = error.help === undefined || error.help === null ? {} : { fix: error.help };
    return { ok: false, message: `${error.code}: ${error.message}`, ...fix };
  }
}
