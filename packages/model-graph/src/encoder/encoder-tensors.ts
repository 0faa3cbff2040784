import { type LinearModule, type TensorSpec, tensorsOfModule } from '../graph/tensor-spec.ts';
import { ModelFault } from '../model-fault.ts';
import type { Weights } from '../safetensors/weights.ts';
import type { EncoderConfig } from './encoder-config.ts';
import { encoderLayouts } from './encoder-layouts.ts';

type Part = 'query' | 'key' | 'value' | 'output' | 'up' | 'down';

export const embeddingsName = (config: EncoderConfig): string => `${encoderLayouts[config.layout].prefix}embeddings`;

export function encoderLayer(config: EncoderConfig, index: number) {
  const layout = encoderLayouts[config.layout];
  const { hidden, intermediate } = config;
  const name = (part: string): string => `${layout.prefix}${layout.layer}.${index}.${part}`;
  const module = (part: Part, inputs: number, outputs: number): LinearModule => ({
    name: name(layout[part]),
    inputs,
    outputs,
    bias: true,
  });
  return {
    modules: {
      query: module('query', hidden, hidden),
      key: module('key', hidden, hidden),
      value: module('value', hidden, hidden),
      output: module('output', hidden, hidden),
      up: module('up', hidden, intermediate),
      down: module('down', intermediate, hidden),
    },
    attentionNorm: name(layout.attentionNorm),
    outputNorm: name(layout.outputNorm),
  };
}

export function poolerModule(config: EncoderConfig): LinearModule | null {
  const { prefix, pooler } = encoderLayouts[config.layout];
  return pooler === null ? null : { name: prefix + pooler, inputs: config.hidden, outputs: config.hidden, bias: true };
}

/** The linear layers of the head, the last of which gives the classes. */
export function headModules(config: EncoderConfig, labels: number): LinearModule[] {
  const { head } = encoderLayouts[config.layout];
  return head.map((name, index) => ({
    name,
    inputs: config.hidden,
    outputs: index === head.length - 1 ? labels : config.hidden,
    bias: true,
  }));
}

/** Linear modules of the encoder itself, without the head. */
export function encoderModules(config: EncoderConfig): LinearModule[] {
  const layers = Array.from({ length: config.layers }, (_, index) =>
    Object.values(encoderLayer(config, index).modules),
  ).flat();
  const pooler = poolerModule(config);
  return pooler ? [...layers, pooler] : layers;
}

/** Every tensor of the encoder besides those of its linear modules. */
export function encoderOtherTensors(config: EncoderConfig): TensorSpec[] {
  const { hidden } = config;
  const embeddings = embeddingsName(config);
  const norms = Array.from({ length: config.layers }, (_, index) => {
    const { attentionNorm, outputNorm } = encoderLayer(config, index);
    return [attentionNorm, outputNorm];
  }).flat();
  const ofNorm = (name: string): TensorSpec[] => [
    { name: `${name}.weight`, shape: [hidden] },
    { name: `${name}.bias`, shape: [hidden] },
  ];
  const types = { name: `${embeddings}.token_type_embeddings.weight`, shape: [config.tokenTypes, hidden] };
  return [
    { name: `${embeddings}.word_embeddings.weight`, shape: [config.vocabulary, hidden] },
    { name: `${embeddings}.position_embeddings.weight`, shape: [config.positionRows, hidden] },
    ...(config.tokenTypes > 0 ? [types] : []),
    ...ofNorm(`${embeddings}.LayerNorm`),
    ...norms.flatMap(ofNorm),
  ];
}

export const headTensors = (config: EncoderConfig, labels: number): TensorSpec[] =>
  headModules(config, labels).flatMap(tensorsOfModule);

/**
 * The weights under the names that they have in a model with a head: a model without one leaves the prefix out, and old
 * checkpoints say gamma and beta.
 */
export function encoderWeights(config: EncoderConfig, weights: Pick<Weights, 'tensors'>): Pick<Weights, 'tensors'> {
  const { prefix, head } = encoderLayouts[config.layout];
  const names = [...weights.tensors.keys()];
  const bare = names.some((name) => name.startsWith('embeddings.'));
  const isHead = (name: string): boolean => head.some((module) => name.startsWith(`${module}.`));
  const tensors = new Map<string, NonNullable<ReturnType<typeof weights.tensors.get>>>();
  for (const [name, tensor] of weights.tensors) {
    const full = bare && !isHead(name) ? prefix + name : name;
    const canonical = full
      .replace(/LayerNorm\.gamma$/, 'LayerNorm.weight')
      .replace(/LayerNorm\.beta$/, 'LayerNorm.bias');
    if (tensors.has(canonical)) {
      throw new ModelFault('tensor_unexpected', `The weights have the tensor ${canonical} under two names.`);
    }
    tensors.set(canonical, tensor);
  }
  return { tensors };
}
