import { execFileSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openTokenizer } from '@agon/language';
import { onDisk, tinyAdapter, tinyLlama } from '@agon/language/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ChatWorld, generationOf } from './testing/chat-models.ts';

const script = fileURLToPath(new URL('../parity/generate.py', import.meta.url));
const agonTiny = fileURLToPath(new URL('../../../models/agon-tiny', import.meta.url));
const python = process.env.AGON_PYTHON;
const newTokens = 24;
const contents = ['hello', 'What does the noun "makeup" mean?', 'a b c d e f g h i j k'];

let world: ChatWorld;
beforeAll(async () => {
  world = await ChatWorld.open();
});
afterAll(() => world.close());

describe.runIf(python)('greedy answers are those of transformers, token for token', () => {
  test('of agon-tiny, and of a random model with an adapter', async () => {
    const adapterOptions = { seed: 5, size: 0.4 };
    const base = dirname((await onDisk(world.folder, tinyLlama(2)))[0]!.localPath);
    const adapter = dirname((await onDisk(world.folder, tinyAdapter(adapterOptions)))[0]!.localPath);
    const served = { ...world.model(2), name: 'agon-tiny', baseFiles: () => filesOf(agonTiny) };
    await same({ base: agonTiny, adapter: null, say: (text) => world.say(served, generation(text)) });
    await same({
      base,
      adapter,
      say: (text) => world.say(world.model(2), generation(text), world.adapter(adapterOptions)),
    });
  });
});

const generation = (content: string) => generationOf(content, { newTokensMax: newTokens });

async function filesOf(folder: string) {
  const { readdir } = await import('node:fs/promises');
  return (await readdir(folder)).map((path) => ({ path, localPath: `${folder}/${path}` }));
}

/** Both answer the same prompts; ours stop at the end token, theirs go on. */
async function same(input: { base: string; adapter: string | null; say: (text: string) => Promise<string> }) {
  const tokenizer = await openTokenizer(input.base);
  const prompts = contents.map((content) =>
    tokenizer.ids(tokenizer.template?.render([{ role: 'user', content }], { prompt: true }) ?? ''),
  );
  const request = { base: input.base, adapter: input.adapter, prompts, new_tokens: newTokens };
  const output = execFileSync(python ?? '', [script], { input: JSON.stringify(request), encoding: 'utf8' });
  const theirs = (JSON.parse(output.trim().split('\n').at(-1) ?? '') as number[][]).map((ids) => tokenizer.text(ids));
  for (const [index, content] of contents.entries()) {
    const ours = await input.say(content);
    expect(ours.length).toBeGreaterThan(0);
    expect(theirs[index]?.startsWith(ours), `${ours} | ${theirs[index]}`).toBe(true);
  }
}
