import type { Receipt, ReceiptBody } from '@agon/contracts';
import { canonicalJson } from './canonical-json.ts';
import { type SigningKey, verifySignature } from './ed25519.ts';

const bytesOf = (body: ReceiptBody): Uint8Array => new TextEncoder().encode(canonicalJson(body));

/** Signs a receipt's body over its canonical JSON. */
export function signReceipt(body: ReceiptBody, key: SigningKey): Receipt {
  const value = Buffer.from(key.sign(bytesOf(body))).toString('base64url');
  return { body, signature: { algorithm: 'ed25519', public_key: key.publicKey, value } };
}

/** Whether the signature fits the body as it stands. Whose key it is, the caller must know. */
export function receiptSignatureHolds(receipt: Receipt): boolean {
  const signature = Buffer.from(receipt.signature.value, 'base64url');
  return verifySignature({ publicKey: receipt.signature.public_key, data: bytesOf(receipt.body), signature });
}
