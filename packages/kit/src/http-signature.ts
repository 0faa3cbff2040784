import { createHash } from 'node:crypto';
import { type SigningKey, verifySignature } from './ed25519.ts';

/**
 * HTTP message signatures (RFC 9421) with Ed25519 over method, path, query and the digest of the content (RFC 9530),
 * with a creation time and a nonce. We write one form and accept only that form.
 */
export type SignableRequest = {
  readonly method: string;
  readonly path: string;
  /** With the leading `?`; `?` alone where there is none (RFC 9421, 2.2.7). */
  readonly query: string;
  readonly body: Uint8Array;
};

export type SignatureHeaders = { 'content-digest': string; 'signature-input': string; signature: string };

const components = '("@method" "@path" "@query" "content-digest")';
const inputForm =
  /^agon=\("@method" "@path" "@query" "content-digest"\);created=(\d{1,12});keyid="([A-Za-z0-9_-]{43})";nonce="([A-Za-z0-9_-]{16,64})";alg="ed25519"$/;
const signatureForm = /^agon=:([A-Za-z0-9+/]{86}==):$/;

const contentDigest = (body: Uint8Array): string => `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;

function signatureBase(request: SignableRequest, digest: string, parameters: string): Uint8Array {
  const lines = [
    `"@method": ${request.method.toUpperCase()}`,
    `"@path": ${request.path}`,
    `"@query": ${request.query || '?'}`,
    `"content-digest": ${digest}`,
    `"@signature-params": ${parameters}`,
  ];
  return new TextEncoder().encode(lines.join('\n'));
}

/** The headers that sign a request. `nonce` is 16 to 64 base64url characters, never used before by this key. */
export function signRequest(
  request: SignableRequest,
  options: { key: SigningKey; createdSeconds: number; nonce: string },
): SignatureHeaders {
  const digest = contentDigest(request.body);
  const parameters = `${components};created=${options.createdSeconds};keyid="${options.key.publicKey}";nonce="${options.nonce}";alg="ed25519"`;
  const value = Buffer.from(options.key.sign(signatureBase(request, digest, parameters))).toString('base64');
  return { 'content-digest': digest, 'signature-input': `agon=${parameters}`, signature: `agon=:${value}:` };
}

export type VerifiedSignature =
  | { readonly ok: true; readonly publicKey: string; readonly nonce: string; readonly createdSeconds: number }
  | { readonly ok: false; readonly reason: string };

/**
 * Checks a signed request. The caller must still refuse a nonce that it has seen, and a key that it does not know.
 *
 * @param options.skewSecondsMax how far `created` may be from `nowSeconds`, both ways.
 */
export function verifyRequest(
  request: SignableRequest,
  headers: Readonly<Record<string, string | undefined>>,
  options: { nowSeconds: number; skewSecondsMax: number },
): VerifiedSignature {
  const input = inputForm.exec(headers['signature-input'] ?? '');
  if (!input) return { ok: false, reason: 'The signature-input header is missing or has another form.' };
  const [, created = '', publicKey = '', nonce = ''] = input;
  const signature = signatureForm.exec(headers['signature'] ?? '')?.[1];
  if (signature === undefined) return { ok: false, reason: 'The signature header is missing or has another form.' };
  const createdSeconds = Number(created);
  const skewSeconds = Math.abs(options.nowSeconds - createdSeconds);
  if (skewSeconds > options.skewSecondsMax) {
    return {
      ok: false,
      reason: `The request was signed ${skewSeconds} s from the time of the service; set the clock.`,
    };
  }
  const digest = contentDigest(request.body);
  if (headers['content-digest'] !== digest)
    return { ok: false, reason: 'The content-digest does not fit the content.' };
  const parameters = (headers['signature-input'] ?? '').slice('agon='.length);
  const data = signatureBase(request, digest, parameters);
  const holds = verifySignature({ publicKey, data, signature: Buffer.from(signature, 'base64') });
  return holds ? { ok: true, publicKey, nonce, createdSeconds } : { ok: false, reason: 'The signature does not fit.' };
}
