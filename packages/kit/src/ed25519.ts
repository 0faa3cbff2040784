import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';

/** An Ed25519 key pair (RFC 8032). `publicKey` is the 32 raw bytes in base64url. */
export type SigningKey = { readonly publicKey: string; readonly sign: (data: Uint8Array) => Uint8Array };

const rawPublicKey = (key: KeyObject): string => key.export({ format: 'jwk' }).x ?? '';

/** Reads a private key in PKCS#8 PEM. Throws where the text is not an Ed25519 key. */
export function readSigningKey(pem: string): SigningKey {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('The key is not an Ed25519 key.');
  return { publicKey: rawPublicKey(createPublicKey(key)), sign: (data) => sign(null, data, key) };
}

/** Makes a new private key in PKCS#8 PEM. */
export function newSigningKeyPem(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

/** Whether `signature` over `data` was made by the holder of `publicKey` (32 raw bytes in base64url). */
export function verifySignature(input: { publicKey: string; data: Uint8Array; signature: Uint8Array }): boolean {
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: input.publicKey }, format: 'jwk' });
    return verify(null, input.data, key, input.signature);
  } catch {
    return false;
  }
}
