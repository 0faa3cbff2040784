import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ReceiptBody } from '@agon/contracts';
import { inside } from '@agon/kit';
import type { Check } from './verify-receipt.ts';

/** The files in the folder are those that the winner committed. */
export async function checkModel(body: ReceiptBody, folder: string): Promise<Check> {
  const winner = body.entries.find((entry) => entry.run === body.winner.run);
  const wrong: string[] = [];
  for (const file of winner?.files ?? []) {
    const bytes = await readFile(inside(folder, file.path)).catch(() => undefined);
    const sha256 = bytes && createHash('sha256').update(bytes).digest('hex');
    if (sha256 !== file.sha256) wrong.push(`${file.path} ${bytes ? 'has other bytes' : 'is not there'}`);
  }
  const ok = wrong.length === 0;
  return { name: 'model', ok, message: ok ? 'has the bytes that the winner committed' : wrong.join(', ') };
}
