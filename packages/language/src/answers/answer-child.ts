/** The process in which a language model answers prompts; forked with an empty environment, killed past its limits. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateGraph, openWeights, readAdapter, readConfig } from '@agon/model-graph';
import { becomeChild, firstLineOf, serveParent } from '@agon/onnx';
import ort from 'onnxruntime-node';
import { z } from 'zod';
import { openSession } from '../child/open-session.ts';
import { openTokenizer } from '../tokenizer/open-tokenizer.ts';
import type { ToAnswerer } from './answer-protocol.ts';
import { generate } from './generate.ts';

const EndTokens = z.object({ eos_token_id: z.union([z.int(), z.array(z.int())]).nullish() });

/** The tokens that end an answer: those of generation_config.json, else of config.json. */
async function endTokensOf(folder: string): Promise<Set<number>> {
  for (const name of ['generation_config.json', 'config.json']) {
    const text = await readFile(join(folder, name), 'utf8').catch(() => '{}');
    const parsed = EndTokens.safeParse(JSON.parse(text));
    if (parsed.success && parsed.data.eos_token_id != null) return new Set([parsed.data.eos_token_id].flat());
  }
  return new Set();
}

async function answer(message: ToAnswerer): Promise<string[]> {
  const { answerer, baseFolder } = message;
  const folder = answerer.kind === 'checkpoint' ? answerer.folder : baseFolder;
  const config = await readConfig(folder);
  if (config.kind !== 'decoder') throw new Error(`${config.architecture} answers nothing.`);
  const weights = await openWeights(folder);
  const graph = generateGraph({ config, weights, folder: message.graphFolder, lora: answerer.kind === 'adapter' });
  const path = join(message.graphFolder, `answers-${answerer.kind}.onnx`);
  await writeFile(path, graph);
  const session = await openSession(path, message.threads);
  const feeds = answerer.kind === 'adapter' ? (await readAdapter(config, answerer.folder)).feeds : {};
  const extra = Object.fromEntries(
    Object.entries(feeds).map(([name, { data, dims }]) => [name, new ort.Tensor('float32', data, [...dims])]),
  );
  const tokenizer = await openTokenizer(baseFolder);
  if (!tokenizer.template) throw new Error('The base model has no chat template.');
  const endTokens = await endTokensOf(baseFolder);
  const emptyCache = [1, config.keyValueHeads, 0, config.headSize];
  const texts: string[] = [];
  for (const conversation of message.conversations) {
    const prompt = tokenizer.ids(tokenizer.template.render(conversation, { prompt: true }));
    const { newTokensMax } = message;
    texts.push(tokenizer.text(await generate({ session, emptyCache, extra, prompt, newTokensMax, endTokens })).trim());
  }
  return texts;
}

becomeChild();
serveParent(ort.env.versions.node ?? ort.env.versions.common, async (message: ToAnswerer) => {
  const { id } = message;
  try {
    return { kind: 'answered', id, texts: await answer(message) };
  } catch (error) {
    return { kind: 'failed', id, message: firstLineOf(error) };
  }
});
