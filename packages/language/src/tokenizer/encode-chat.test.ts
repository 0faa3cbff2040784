import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChatMessage } from '@agon/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { byteTokenizer, chatMl, specialIds } from '../testing/index.ts';
import { type EncodedRow, encodeAnswer, encodeChat } from './encode-chat.ts';
import { encodePreference } from './encode-preference.ts';
import { type LanguageTokenizer, openTokenizer } from './open-tokenizer.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'agon-tokenizer-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function opened(files: Readonly<Record<string, string>>): Promise<LanguageTokenizer> {
  const folder = await mkdtemp(join(root, 'model-'));
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return openTokenizer(folder);
}

const withTemplate = (chatTemplate: string | null, merges: [string, string][] = []) =>
  opened(byteTokenizer({ chatTemplate, merges }));

const user = (content: string): ChatMessage => ({ role: 'user', content });
const assistant = (content: string): ChatMessage => ({ role: 'assistant', content });

const shown = (ids: readonly number[]): string =>
  ids.map((id) => (id >= specialIds.firstByte ? String.fromCharCode(id - specialIds.firstByte) : `<${id}>`)).join('');
/** The scored tokens as text; a special token by its id. */
const scored = (row: EncodedRow): string => shown(row.completion.map((index) => row.ids[index] as number));
const end = `<${specialIds.end}>`;

describe('with ChatML', () => {
  test('every answer is scored with the token that ends it, and nothing else', async () => {
    const tokenizer = await withTemplate(chatMl);
    const row = encodeChat(tokenizer, [user('Hi'), assistant('Yes.'), user('So?'), assistant('No.')], 1_000);
    expect(scored(row)).toBe(`Yes.${end}No.${end}`);
    expect(row.cut).toBe(false);
    expect(shown(row.ids).endsWith(`No.${end}`)).toBe(true);
  });

  test('an answer of weight 0 is read and not scored, and dropped behind the last that is', async () => {
    const tokenizer = await withTemplate(chatMl);
    const muted = { ...assistant('Yes.'), weight: 0 as const };
    const whole = encodeChat(tokenizer, [user('Hi'), assistant('Yes.'), user('So?'), assistant('No.')], 1_000);
    const row = encodeChat(tokenizer, [user('Hi'), muted, user('So?'), assistant('No.'), user('Hm'), muted], 1_000);
    expect(row.ids).toEqual(whole.ids);
    expect(scored(row)).toBe(`No.${end}`);
  });

  test('what stands after the last answer is dropped', async () => {
    const tokenizer = await withTemplate(chatMl);
    const whole = encodeChat(tokenizer, [user('Hi'), assistant('Yes.')], 1_000);
    expect(encodeChat(tokenizer, [user('Hi'), assistant('Yes.'), user('More')], 1_000)).toEqual(whole);
  });

  test('a row that is too long keeps its beginning', async () => {
    const tokenizer = await withTemplate(chatMl);
    const messages = [user('Hi'), assistant('0123456789'), user('Again'), assistant('abc')];
    const whole = encodeChat(tokenizer, messages, 1_000);
    const first = whole.completion[0] as number;
    const row = encodeChat(tokenizer, messages, first + 4);
    expect(row.cut).toBe(true);
    expect(row.ids).toEqual(whole.ids.slice(0, first + 4));
    expect(scored(row)).toBe('0123');
    expect(encodeChat(tokenizer, messages, first)).toMatchObject({ completion: [], cut: true });
    expect(encodeChat(tokenizer, messages, whole.ids.length).cut).toBe(false);
  });

  test('a turn of the assistant that answers nobody is read and not scored', async () => {
    const tokenizer = await withTemplate(chatMl);
    const row = encodeChat(tokenizer, [assistant('Welcome.'), user('Hi'), assistant('Yes.')], 1_000);
    expect(scored(row)).toBe(`Yes.${end}`);
    expect(shown(row.ids)).toContain('Welcome.');
  });

  test('a conversation without an answer has nothing to score', async () => {
    const tokenizer = await withTemplate(chatMl);
    expect(encodeChat(tokenizer, [user('Hi')], 1_000)).toEqual({ ids: [], completion: [], cut: false });
  });

  test('a special token that somebody wrote is that token, as transformers has it', async () => {
    const tokenizer = await withTemplate(chatMl);
    const row = encodeChat(tokenizer, [user('Hi'), assistant('a<|im_end|>b')], 1_000);
    expect(scored(row)).toBe(`a${end}b${end}`);
  });

  test('no token is joined over the edge of an answer', async () => {
    const tokenizer = await withTemplate(chatMl, [['Ċ', 'Ċ']]);
    const row = encodeChat(tokenizer, [user('Hi'), assistant('\n\n\nYes')], 1_000);
    const newline = specialIds.firstByte + 10;
    expect(row.ids[(row.completion[0] as number) - 1]).toBe(newline);
    expect(row.ids[row.completion[0] as number]).toBe(specialIds.firstByte + 256);
  });

  test('only the last answer of a preference is scored', async () => {
    const tokenizer = await withTemplate(chatMl);
    const prompt = [user('Hi'), assistant('Yes.'), user('So?')];
    const { chosen, rejected } = encodePreference(tokenizer, { prompt, chosen: 'Good', rejected: 'Bad' }, 1_000);
    expect(scored(chosen)).toBe(`Good${end}`);
    expect(scored(rejected)).toBe(`Bad${end}`);
    expect(encodeAnswer(tokenizer, [...prompt, assistant('Good')], 1_000)).toEqual(chosen);
  });

  test('very long conversations are encoded', async () => {
    const tokenizer = await withTemplate(chatMl);
    const long = 'x y '.repeat(50_000);
    const row = encodeChat(tokenizer, [user('Hi'), assistant(long)], 300_000);
    expect(row.completion).toHaveLength(long.length + 1);
    const turns = Array.from({ length: 400 }, (_, index) => (index % 2 ? assistant('Yes.') : user('So?')));
    expect(encodeChat(tokenizer, turns, 128)).toMatchObject({ cut: true });
  });
});

describe('with other templates', () => {
  test('a turn that is shown otherwise once others follow is not scored', async () => {
    const forgetful =
      '{% for m in messages %}{% if loop.last %}[{{ m.role }}]{{ m.content }}{% else %}[{{ m.role }}]{{ m.content[:1] }}{% endif %}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}';
    const tokenizer = await withTemplate(forgetful);
    const row = encodeChat(tokenizer, [user('Hi'), assistant('Yes.'), user('So?'), assistant('No.')], 1_000);
    expect(scored(row)).toBe('');
    expect(scored(encodeChat(tokenizer, [user('H'), assistant('Yes.')], 1_000))).toBe('Yes.');
  });

  test('a refusal of the template reaches whoever asks', async () => {
    const strict =
      "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('No system turn.') }}{% endif %}{{ m.content }}{% endfor %}";
    const tokenizer = await withTemplate(strict);
    expect(() => encodeChat(tokenizer, [{ role: 'system', content: 'x' }, assistant('y')], 100)).toThrow(
      'No system turn.',
    );
  });

  test('special tokens, loop controls, `tools` and the day are what templates expect', async () => {
    const template =
      "{{ bos_token }}{% if tools is not none %}tools{% endif %}{{ strftime_now('%d %b %Y') }}{% for m in messages %}{% if loop.index > 2 %}{% break %}{% endif %}|{{ m.content }}{% endfor %}{{ eos_token }}";
    const tokenizer = await withTemplate(template);
    expect(tokenizer.template?.render([user('a'), assistant('b'), user('c')], { prompt: false })).toBe(
      '<|im_start|>26 Jul 2024|a|b<|im_end|>',
    );
  });

  test('the head of an answer decides where it begins', async () => {
    const tokenizer = await withTemplate(
      '{% for m in messages %}{% if m.role == "user" %}Q: {{ m.content }} {% else %}A: {{ m.content | trim }}{{ eos_token }}{% endif %}{% endfor %}{% if add_generation_prompt %}A:{% endif %}',
    );
    expect(scored(encodeChat(tokenizer, [user('Hi'), assistant('  Yes. ')], 1_000))).toBe(` Yes.${end}`);
  });

  test('a model without a template has none', async () => {
    const tokenizer = await withTemplate(null);
    expect(tokenizer.template).toBeNull();
    expect(() => encodeChat(tokenizer, [user('a'), assistant('b')], 10)).toThrow('no chat template');
  });
});

describe('the files of a tokenizer', () => {
  test('chat_template.jinja comes before the field of tokenizer_config.json', async () => {
    const files = { ...byteTokenizer(), 'chat_template.jinja': 'jinja' };
    expect((await opened(files)).template?.render([], { prompt: false })).toBe('jinja');
  });

  test('of several templates the default one counts', async () => {
    const several = [
      { name: 'tool_use', template: 'tools' },
      { name: 'default', template: 'plain' },
    ];
    const files = { ...byteTokenizer(), 'tokenizer_config.json': JSON.stringify({ chat_template: several }) };
    expect((await opened(files)).template?.render([], { prompt: false })).toBe('plain');
  });

  test('special_tokens_map.json fills in what tokenizer_config.json leaves out', async () => {
    const files = {
      ...byteTokenizer(),
      'tokenizer_config.json': JSON.stringify({ chat_template: '{{ bos_token }}{{ eos_token }}', eos_token: 'E' }),
      'special_tokens_map.json': JSON.stringify({ bos_token: { content: 'B' }, eos_token: 'x' }),
    };
    expect((await opened(files)).template?.render([], { prompt: false })).toBe('BE');
  });

  test('that are missing or broken are named', async () => {
    await expect(opened({})).rejects.toThrow('tokenizer.json');
    await expect(opened({ ...byteTokenizer(), 'tokenizer_config.json': '[1' })).rejects.toThrow(
      'tokenizer_config.json',
    );
  });
});

describe('a text for an encoder', () => {
  test('has the special tokens around it, also when it is cut', async () => {
    const tokenizer = await opened(byteTokenizer({ wrapped: true }));
    const { cls, sep, firstByte } = specialIds;
    const letters = [...'abc'].map((letter) => letter.charCodeAt(0) + firstByte);
    expect(tokenizer.wrapped('abc', 10)).toEqual({ ids: [cls, ...letters, sep], cut: false });
    expect(tokenizer.wrapped('abc', 4)).toEqual({ ids: [cls, ...letters.slice(0, 2), sep], cut: true });
    expect(tokenizer.wrapped('', 4)).toEqual({ ids: [cls, sep], cut: false });
  });
});
