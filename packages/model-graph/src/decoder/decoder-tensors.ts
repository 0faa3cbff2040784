import type { LinearModule, TensorSpec } from '../graph/tensor-spec.ts';
import type { DecoderConfig } from './decoder-config.ts';

export const embeddingName = 'model.embed_tokens.weight';
export const headName = 'lm_head.weight';
export const lastNormName = 'model.norm.weight';
export const layerName = (layer: number): string => `model.layers.${layer}`;

/** The linear modules of one layer, by their place in it. */
export function layerModules(config: DecoderConfig, layer: number): Record<DecoderModule, LinearModule> {
  const { hidden, intermediate, biases } = config;
  const queries = config.heads * config.headSize;
  const keys = config.keyValueHeads * config.headSize;
  const attention = `${layerName(layer)}.self_attn`;
  const mlp = `${layerName(layer)}.mlp`;
  return {
    query: { name: `${attention}.q_proj`, inputs: hidden, outputs: queries, bias: biases.queryKeyValue },
    key: { name: `${attention}.k_proj`, inputs: hidden, outputs: keys, bias: biases.queryKeyValue },
    value: { name: `${attention}.v_proj`, inputs: hidden, outputs: keys, bias: biases.queryKeyValue },
    output: { name: `${attention}.o_proj`, inputs: queries, outputs: hidden, bias: biases.output },
    gate: { name: `${mlp}.gate_proj`, inputs: hidden, outputs: intermediate, bias: biases.mlp },
    up: { name: `${mlp}.up_proj`, inputs: hidden, outputs: intermediate, bias: biases.mlp },
    down: { name: `${mlp}.down_proj`, inputs: intermediate, outputs: hidden, bias: biases.mlp },
  };
}

export type DecoderModule = 'query' | 'key' | 'value' | 'output' | 'gate' | 'up' | 'down';

/** Names of the norms of a layer. */
export const layerNorms = (layer: number) => ({
  before: `${layerName(layer)}.input_layernorm.weight`,
  after: `${layerName(layer)}.post_attention_layernorm.weight`,
  query: `${layerName(layer)}.self_attn.q_norm.weight`,
  key: `${layerName(layer)}.self_attn.k_norm.weight`,
});

export function decoderModules(config: DecoderConfig): LinearModule[] {
  return Array.from({ length: config.layers }, (_, layer) => Object.values(layerModules(config, layer))).flat();
}

/** Every tensor of the model besides those of its linear modules. */
export function decoderOtherTensors(config: DecoderConfig): TensorSpec[] {
  const { hidden, vocabulary, headSize } = config;
  const norms = Array.from({ length: config.layers }, (_, layer) => {
    const names = layerNorms(layer);
    const heads = [names.query, names.key].map((name) => ({ name, shape: [headSize] }));
    return [
      { name: names.before, shape: [hidden] },
      { name: names.after, shape: [hidden] },
      ...(config.queryKeyNorms ? heads : []),
    ];
  }).flat();
  return [
    { name: embeddingName, shape: [vocabulary, hidden] },
    ...norms,
    { name: lastNormName, shape: [hidden] },
    ...(config.tied ? [] : [{ name: headName, shape: [vocabulary, hidden] }]),
  ];
}
