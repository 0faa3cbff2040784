import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ChatMessage } from '@agon/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EncodedRow, encodeChat } from './encode-chat.ts';
import { openTokenizer } from './open-tokenizer.ts';

type Reference = {
  readonly folder: string;
  readonly limit: number;
  readonly texts: readonly { text: string; ids: number[]; wrapped: number[] }[];
  readonly chats: readonly (EncodedRow & { messages: ChatMessage[]; text: string })[];
};

const script = fileURLToPath(new URL('../../parity/tokens.py', import.meta.url));
const python = pythonWithTransformers(process.env.AGON_PYTHON);
/** Folders of real models, with colons between them, that are looked at besides the tokenizers of the script. */
const given = (process.env.AGON_TOKENIZERS ?? '').split(':').filter((folder) => folder !== '');
const ours = fileURLToPath(new URL('../../../../models/agon-tiny', import.meta.url));
const real = existsSync(join(ours, 'tokenizer.json')) ? [ours, ...given] : given;
const made = ['byte-level', 'llama3', 'digits', 'sentence-pieces', 'word-pieces'];

function pythonWithTransformers(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  return spawnSync(path, ['-c', 'import transformers, tokenizers'], { stdio: 'ignore' }).status === 0
    ? path
    : undefined;
}

let root: string;
let references: Reference[];
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'agon-tokens-'));
  if (python === undefined) return;
  const ended = spawnSync(python, [script, root, ...real], { encoding: 'utf8' });
  if (ended.status !== 0) throw new Error(`The reference failed: ${ended.stderr}`);
  references = JSON.parse(await readFile(join(root, 'reference.json'), 'utf8'));
}, 300_000);
afterAll(() => rm(root, { recursive: true, force: true }));

test('a reference in Python is at hand where CI runs', () => {
  expect(python !== undefined || process.env.CI === undefined).toBe(true);
});

describe.skipIf(python === undefined)('tokens are those of transformers', () => {
  const folderOf = (name: string) => (made.includes(name) ? join(root, name) : name);
  const referenceOf = (name: string) => references.find(({ folder }) => folder === folderOf(name)) as Reference;

  test.each([...made, ...real])('for texts with %s', async (name) => {
    const tokenizer = await openTokenizer(folderOf(name));
    const { texts, limit } = referenceOf(name);
    for (const { text, ids, wrapped } of texts) {
      expect([text, tokenizer.ids(text)]).toEqual([text, ids]);
      expect([text, tokenizer.wrapped(text, limit).ids]).toEqual([text, wrapped]);
    }
  });

  test.each([...made, ...real])('for conversations with %s', async (name) => {
    const tokenizer = await openTokenizer(folderOf(name));
    const { chats, limit } = referenceOf(name);
    expect(chats.length > 0).toBe(tokenizer.template !== null);
    for (const { messages, text, ...row } of chats) {
      expect([text, encodeChat(tokenizer, messages, limit)]).toEqual([text, row]);
    }
  });
});
