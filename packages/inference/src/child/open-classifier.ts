import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openTokenizer } from '@agon/language';
import { classifyRows, classOrder, encodeRows, openSession } from '@agon/language/in-child';
import { classifyGraph, type EncoderConfig, openWeights } from '@agon/model-graph';
import type { Classification } from '../protocol.ts';
import type { Opening } from './open-model.ts';

/** Tokens that run together, padding included. */
const batchTokens = 2_048;

/** A model that puts texts into classes. */
export type Classifier = {
  readonly kind: 'classifier';
  /**
   * @returns `texts * classes` logits
   * @throws OnnxRejection where the model has other classes; LossFault where a logit is not finite.
   */
  classify(classification: Classification): Promise<Float32Array>;
};

/** Loads an encoder with a head. @throws ModelFault or Error where it cannot be loaded. */
export async function openClassifier(opening: Opening, config: EncoderConfig): Promise<Classifier> {
  const { baseFolder, weightsFolder, graphFolder, settings } = opening;
  const weights = await openWeights(weightsFolder);
  const path = join(graphFolder, 'classify.onnx');
  await writeFile(path, classifyGraph({ config, weights, folder: graphFolder, lora: false, head: 'weights' }));
  const session = await openSession(path, settings.threads);
  const tokenizer = await openTokenizer(baseFolder);
  return {
    kind: 'classifier',
    classify: async ({ texts, classes, tokensMax }) => {
      const rows = texts.map((text) => ({ text }));
      const encoded = encodeRows(tokenizer, { kind: 'text', rows }, Math.min(tokensMax, config.positions));
      const order = await classOrder(weightsFolder, classes);
      return classifyRows(session, encoded.tokens, { order, batchTokens });
    },
  };
}
