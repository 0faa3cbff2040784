import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newSigningKeyPem, readSigningKey } from './ed25519.ts';
import { type SignableRequest, signRequest, verifyRequest } from './http-signature.ts';

const key = readSigningKey(newSigningKeyPem());
const options = { nowSeconds: 1_000_000, skewSecondsMax: 60 };
const nonce = 'n'.repeat(24);
const request: SignableRequest = { method: 'POST', path: '/v1/miner/leases', query: '', body: Buffer.from('{"a":1}') };
const sign = (signed: SignableRequest, createdSeconds = 1_000_000) => ({
  ...signRequest(signed, { key, createdSeconds, nonce }),
});

test('a signed request is verified and names its key, nonce and time', () => {
  const verified = verifyRequest(request, sign(request), options);
  expect(verified).toEqual({ ok: true, publicKey: key.publicKey, nonce, createdSeconds: 1_000_000 });
});

test.each([
  ['method', { ...request, method: 'PUT' }],
  ['path', { ...request, path: '/v1/miner/leases2' }],
  ['query', { ...request, query: '?wait=0' }],
  ['body', { ...request, body: Buffer.from('{"a":2}') }],
])('another %s than the signed one is refused', (_name, changed) => {
  expect(verifyRequest(changed, sign(request), options).ok).toBe(false);
});

test.each([-61, 61])('a request signed %i s from now is refused, whatever else is right', (seconds) => {
  expect(verifyRequest(request, sign(request, 1_000_000 + seconds), options)).toMatchObject({ ok: false });
});

test('another key’s name on our signature is refused', () => {
  const other = readSigningKey(newSigningKeyPem());
  const headers = sign(request);
  headers['signature-input'] = headers['signature-input'].replace(key.publicKey, other.publicKey);
  expect(verifyRequest(request, headers, options).ok).toBe(false);
});

test('headers of any other form are refused, never thrown on', () => {
  fc.assert(
    fc.property(
      fc.record({ 'signature-input': fc.string(), signature: fc.string(), 'content-digest': fc.string() }),
      (headers) => {
        expect(verifyRequest(request, headers, options).ok).toBe(false);
      },
    ),
  );
  expect(verifyRequest(request, {}, options).ok).toBe(false);
});

test('any one flipped character of a header breaks the signature', () => {
  const headers = sign(request);
  fc.assert(
    fc.property(fc.constantFrom('signature-input', 'signature', 'content-digest'), fc.nat(), (name, at) => {
      const text = headers[name];
      const index = at % text.length;
      const flipped = text.slice(0, index) + (text[index] === 'A' ? 'B' : 'A') + text.slice(index + 1);
      // The last base64 digit before the padding has bits that decode to nothing.
      fc.pre(flipped !== text && text[index + 1] !== '=');
      expect(verifyRequest(request, { ...headers, [name]: flipped }, options).ok).toBe(false);
    }),
  );
});
