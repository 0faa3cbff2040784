import { parse } from 'yaml';

export type CardData =
  | { readonly ok: true; readonly data: Readonly<Record<string, unknown>> | undefined }
  | { readonly ok: false; readonly message: string };

const frontMatter = /^\uFEFF?---[ \t]*\r?\n([\s\S]*?)\r?\n?---[ \t]*(\r?\n|$)/;
const aliasesMax = 100;

/** Reads the metadata at the beginning of a model card. */
export function readCardData(card: string): CardData {
  const block = frontMatter.exec(card)?.[1];
  if (block === undefined) return { ok: true, data: undefined };
  let data: unknown;
  try {
    data = parse(block, { maxAliasCount: aliasesMax });
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
  if (data === null || data === undefined) return { ok: true, data: undefined };
  if (typeof data !== 'object' || Array.isArray(data)) return { ok: false, message: 'The metadata must be a mapping.' };
  return { ok: true, data: data as Record<string, unknown> };
}
