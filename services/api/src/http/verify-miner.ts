import { AppError, limits } from '@agon/contracts';
import { verifyRequest } from '@agon/kit';
import type { MinerRecord } from '@agon/store';
import type { Request } from 'express';
import { nowDate, type RouteDeps } from '../deps.ts';
import type { SignatureCaller } from './route.ts';

/** Records of contact may be this old, so that not every request writes one. */
const touchAgeMs = 20_000;

const headerOf = (request: Request, name: string): string | undefined => {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
};

type Signed = SignatureCaller & { readonly nonce: string; readonly expiresAt: Date };

function checkSignature(deps: RouteDeps, request: Request, body: Buffer): Signed {
  const [path = '', ...rest] = request.originalUrl.split('?');
  const signable = { method: request.method, path, query: rest.length > 0 ? `?${rest.join('?')}` : '', body };
  const headers = {
    'signature-input': headerOf(request, 'signature-input'),
    signature: headerOf(request, 'signature'),
    'content-digest': headerOf(request, 'content-digest'),
  };
  const skewSecondsMax = limits.signatureSkewSecondsMax;
  const nowSeconds = Math.floor(deps.clock.nowMs() / 1000);
  const verified = verifyRequest(signable, headers, { nowSeconds, skewSecondsMax });
  if (!verified.ok) throw new AppError('invalid_signature', verified.reason);
  const { publicKey, nonce, createdSeconds } = verified;
  return { publicKey, nonce, expiresAt: new Date((createdSeconds + 2 * skewSecondsMax) * 1000) };
}

async function useNonce(deps: RouteDeps, signed: Signed): Promise<void> {
  if (await deps.stores.miners.useNonce(signed)) return;
  throw new AppError('replayed_request', 'The nonce of the signature was used before.');
}

/**
 * Checks the signature over the request as it was sent, by whatever key, and that its nonce is new.
 *
 * @throws AppError `invalid_signature`, `replayed_request`.
 */
export async function verifySigned(deps: RouteDeps, request: Request, body: Buffer): Promise<SignatureCaller> {
  const signed = checkSignature(deps, request, body);
  await useNonce(deps, signed);
  return { publicKey: signed.publicKey };
}

/**
 * Finds the registered miner who signed the request. Strangers' nonces are not kept.
 *
 * @throws AppError `invalid_signature`, `replayed_request`, `miner_not_registered`, `miner_banned`.
 */
export async function verifyMiner(deps: RouteDeps, request: Request, body: Buffer): Promise<MinerRecord> {
  const signed = checkSignature(deps, request, body);
  const miner = await deps.stores.miners.findByKey(signed.publicKey);
  if (!miner) throw new AppError('miner_not_registered', 'No miner is registered with this key.');
  if (miner.bannedAt) throw new AppError('miner_banned', 'This miner was banned.');
  await useNonce(deps, signed);
  if (deps.clock.nowMs() - miner.lastSeenAt.getTime() > touchAgeMs) {
    await deps.stores.miners.touch({ minerId: miner.id, now: nowDate(deps) });
  }
  return miner;
}
