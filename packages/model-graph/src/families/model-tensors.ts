import { decoderModules, decoderOtherTensors } from '../decoder/decoder-tensors.ts';
import { type LinearModule, type TensorSpec, tensorsOfModule } from '../graph/tensor-spec.ts';
import type { ModelConfig } from './family.ts';

/** The linear modules that LoRA may change. */
export const linearModules = (config: ModelConfig): LinearModule[] => decoderModules(config);

/** Every tensor that the weights of a model have. */
export const modelTensors = (config: ModelConfig): TensorSpec[] => [
  ...decoderOtherTensors(config),
  ...decoderModules(config).flatMap(tensorsOfModule),
];
