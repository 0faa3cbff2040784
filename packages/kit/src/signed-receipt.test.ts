import type { ReceiptBody } from '@agon/contracts';
import { expect, test } from 'vitest';
import { newSigningKeyPem, readSigningKey } from './ed25519.ts';
import { receiptSignatureHolds, signReceipt } from './signed-receipt.ts';

const key = readSigningKey(newSigningKeyPem());
const body = { version: 1, issued_at: 5, versions: { agon: '0.1.0' } } as unknown as ReceiptBody;

test('a receipt holds after a trip through JSON, whatever the order of its keys', () => {
  const receipt = JSON.parse(JSON.stringify(signReceipt(body, key)));
  const reordered = { ...receipt, body: Object.fromEntries(Object.entries(receipt.body).toReversed()) };
  expect(receiptSignatureHolds(receipt)).toBe(true);
  expect(receiptSignatureHolds(reordered)).toBe(true);
});

test('a changed value, a missing field or another key’s signature does not hold', () => {
  const receipt = signReceipt(body, key);
  expect(receiptSignatureHolds({ ...receipt, body: { ...body, issued_at: 6 } })).toBe(false);
  expect(receiptSignatureHolds({ ...receipt, body: { version: 1 } as unknown as ReceiptBody })).toBe(false);
  const stranger = readSigningKey(newSigningKeyPem()).publicKey;
  expect(receiptSignatureHolds({ ...receipt, signature: { ...receipt.signature, public_key: stranger } })).toBe(false);
});
