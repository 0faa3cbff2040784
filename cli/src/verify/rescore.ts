import type { ReceiptBody } from '@agon/contracts';
import type { Check } from './verify-receipt.ts';
export async function rescore(_body: ReceiptBody, _at: { dataset: string; model: string }): Promise<Check> {
  return { name: 'score', ok: null, message: 'pending' };
}
