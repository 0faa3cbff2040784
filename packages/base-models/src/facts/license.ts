import { type ModelFiles, readWhole } from '../files/model-files.ts';

const textBytesMax = 4 * 1024 * 1024;
const licenseCharactersMax = 64;

/** Sentences that only one licence has. */
const knownTexts: readonly (readonly [RegExp, string])[] = [
  [/Apache License\s+Version 2\.0/, 'apache-2.0'],
  [/Permission is hereby granted, free of charge, to any person obtaining a copy\s+of this software/, 'mit'],
  [/Creative Commons Attribution 4\.0/, 'cc-by-4.0'],
  [/GNU GENERAL PUBLIC LICENSE\s+Version 3/, 'gpl-3.0'],
  [/Redistributions of source code must retain[\s\S]+Neither the name/, 'bsd-3-clause'],
];

/** The licence that the model card names in its metadata, else the one whose text lies beside it, else null. */
export async function readLicense(files: ModelFiles): Promise<string | null> {
  const card = await textOf(files, 'README.md');
  const named = licenseOfCard(card);
  if (named !== null) return named;
  for (const name of ['LICENSE', 'LICENSE.md', 'LICENSE.txt']) {
    const text = await textOf(files, name);
    const known = knownTexts.find(([pattern]) => pattern.test(text));
    if (known) return known[1];
  }
  return null;
}

/** `license` of the YAML at the top of a model card; of a list the first. */
export function licenseOfCard(card: string): string | null {
  const metadata = /^---\r?\n([\s\S]*?)\r?\n---/.exec(card)?.[1] ?? '';
  const found = /^license:[ \t]*(?:\r?\n[ \t]*-[ \t]*|\[[ \t]*)?["']?([A-Za-z0-9][\w.+-]*)/m.exec(metadata)?.[1];
  return found?.toLowerCase().slice(0, licenseCharactersMax) ?? null;
}

async function textOf(files: ModelFiles, path: string): Promise<string> {
  return Buffer.from((await readWhole(files, path, textBytesMax)) ?? []).toString('utf8');
}
