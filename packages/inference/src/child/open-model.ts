import { readConfig } from '@agon/model-graph';
import type { ToModel } from '../protocol.ts';
import { type Classifier, openClassifier } from './open-classifier.ts';
import { type Generator, openGenerator } from './open-generator.ts';

export type Opening = Omit<Extract<ToModel, { kind: 'open' }>, 'kind' | 'id'>;

/** Loads what the folder of weights holds. @throws ModelFault or Error where it cannot be loaded. */
export async function openModel(opening: Opening): Promise<Generator | Classifier> {
  const config = await readConfig(opening.weightsFolder);
  return config.kind === 'decoder' ? openGenerator(opening, config) : openClassifier(opening, config);
}
