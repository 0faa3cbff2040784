import type { ModelFile, ReceiptBody, SubmissionFormat } from '@agon/contracts';

/** The files whose presence tells a format, first match first. */
const signs: readonly (readonly [RegExp, SubmissionFormat])[] = [
  [/\.onnx$/, 'onnx'],
  [/(^|\/)adapter_config\.json$/, 'peft-lora'],
  [/(^|\/)config\.json$/, 'hf-checkpoint'],
];

export type WinnerFiles = { readonly files: readonly ModelFile[]; readonly format: SubmissionFormat | null };

/** What the winner committed, and the format that follows from its names; null where none does. */
export function winnerFiles(body: ReceiptBody): WinnerFiles {
  const files = body.entries.find((entry) => entry.run === body.winner.run)?.files ?? [];
  const sign = signs.find(([pattern]) => files.some(({ path }) => pattern.test(path)));
  return { files, format: sign?.[1] ?? null };
}
