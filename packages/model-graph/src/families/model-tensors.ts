import { decoderModules, decoderOtherTensors } from '../decoder/decoder-tensors.ts';
import { encoderModules, encoderOtherTensors, encoderWeights, headTensors } from '../encoder/encoder-tensors.ts';
import { type LinearModule, type TensorSpec, tensorsOfModule } from '../graph/tensor-spec.ts';
import type { Weights } from '../safetensors/weights.ts';
import type { ModelConfig } from './family.ts';

/** The linear modules that LoRA may change. */
export const linearModules = (config: ModelConfig): LinearModule[] =>
  config.kind === 'decoder' ? decoderModules(config) : encoderModules(config);

/** Every tensor that the weights of a model have, without a head that classifies. */
export const modelTensors = (config: ModelConfig): TensorSpec[] => [
  ...(config.kind === 'decoder' ? decoderOtherTensors(config) : encoderOtherTensors(config)),
  ...linearModules(config).flatMap(tensorsOfModule),
];

/** The tensors of a head that classifies, which the graph may take as inputs. */
export const headInputs = (config: ModelConfig, labels: number): TensorSpec[] =>
  config.kind === 'encoder' ? headTensors(config, labels) : [];

/** The weights under the names of `modelTensors`. */
export const canonicalWeights = (config: ModelConfig, weights: Pick<Weights, 'tensors'>): Pick<Weights, 'tensors'> =>
  config.kind === 'encoder' ? encoderWeights(config, weights) : weights;
