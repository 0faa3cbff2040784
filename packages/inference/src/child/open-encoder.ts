import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openTokenizer } from '@agon/language';
import { classifyRows, classOrder, encodeRows, openSession } from '@agon/language/runtime';
import { classifyGraph, type EncoderConfig, openWeights } from '@agon/model-graph';
import type { Opening, OpenModel } from './open-model.ts';
import { Refusal } from './refusal.ts';

const batchTokens = 2_048;

/** Loads an encoder with a classification head. @throws Error where it cannot be loaded. */
export async function openEncoder(config: EncoderConfig, opening: Opening): Promise<OpenModel> {
  const { weightsFolder, graphFolder, baseFolder, settings } = opening;
  const weights = await openWeights(weightsFolder);
  const path = join(graphFolder, 'classify.onnx');
  await writeFile(path, classifyGraph({ config, weights, folder: graphFolder, lora: false, head: 'weights' }));
  const session = await openSession(path, settings.threads);
  const tokenizer = await openTokenizer(baseFolder);
  return {
    positions: config.positions,
    prepare: async () => {
      throw new Refusal('wrong_kind', `${config.architecture} classifies texts and answers no conversations.`);
    },
    classify: async (texts, { classes, tokensMax }) => {
      const order = await classOrder(weightsFolder, classes);
      const rows = texts.map((text) => ({ text }));
      const { tokens } = encodeRows(tokenizer, { kind: 'text', rows }, Math.min(tokensMax, config.positions));
      return classifyRows(session, tokens, { order, batchTokens });
    },
  };
}
