import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** What a base model's folder says of its tokenizer. */
export type TokenizerFiles = {
  readonly tokenizer: object;
  readonly config: Readonly<Record<string, unknown>>;
  /** Jinja, or null where the model has none. */
  readonly chatTemplate: string | null;
  /** `bos_token` and others, by the names that templates use. */
  readonly specialTokens: Readonly<Record<string, string>>;
};

const fileBytesMax = 128 * 1024 * 1024;

const TokenName = z.union([z.string(), z.object({ content: z.string() }).transform((token) => token.content)]);
const NamedTemplates = z.array(z.object({ name: z.string(), template: z.string() }));
const templateFiles = ['chat_template.jinja', 'chat_template.json'];

/**
 * Reads tokenizer.json, tokenizer_config.json, special_tokens_map.json and the chat template, as transformers looks for
 * them: `chat_template.jinja`, `chat_template.json`, then the field of tokenizer_config.json (of several the one that is
 * called `default`).
 *
 * @throws Error that names the file.
 */
export async function readTokenizerFiles(folder: string): Promise<TokenizerFiles> {
  const tokenizer = await readJsonObject(join(folder, 'tokenizer.json'));
  if (tokenizer === undefined) throw new Error('The base model has no tokenizer.json.');
  const config = (await readJsonObject(join(folder, 'tokenizer_config.json'))) ?? {};
  const map = (await readJsonObject(join(folder, 'special_tokens_map.json'))) ?? {};
  return {
    tokenizer,
    config,
    chatTemplate: (await templateOfFile(folder)) ?? templateOf(config.chat_template),
    specialTokens: { ...specialTokensOf(map), ...specialTokensOf(config) },
  };
}

async function templateOfFile(folder: string): Promise<string | null> {
  const [jinja = '', json = ''] = templateFiles;
  const text = await readBounded(join(folder, jinja));
  if (text !== undefined) return text;
  return templateOf((await readJsonObject(join(folder, json)))?.chat_template);
}

function templateOf(field: unknown): string | null {
  if (typeof field === 'string') return field;
  const named = NamedTemplates.safeParse(field);
  return named.data?.find((each) => each.name === 'default')?.template ?? null;
}

function specialTokensOf(fields: Readonly<Record<string, unknown>>): Record<string, string> {
  const found = Object.entries(fields).flatMap(([key, value]) => {
    const name = /_token$/.test(key) ? TokenName.safeParse(value).data : undefined;
    return name === undefined ? [] : [[key, name] as const];
  });
  return Object.fromEntries(found);
}

async function readJsonObject(path: string): Promise<Record<string, unknown> | undefined> {
  const text = await readBounded(path);
  if (text === undefined) return undefined;
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch (error) {
    throw new Error(`${path.split(/[\\/]/).at(-1)} of the base model is no JSON object.`, { cause: error });
  }
}

async function readBounded(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) return undefined;
  if (found.size > fileBytesMax) throw new Error(`${path.split(/[\\/]/).at(-1)} has ${found.size} bytes.`);
  return await readFile(path, 'utf8');
}
