import { linearModules, modelTensors, parseConfig } from '@agon/model-graph';
import { byteTokenizer, vocabularySize } from './byte-tokenizer.ts';
import { noise, safetensorsOf, type Tensor, type Tensors } from './safetensors.ts';

export const llamaConfig = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  vocab_size: vocabularySize,
  hidden_size: 32,
  intermediate_size: 48,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  max_position_embeddings: 512,
  rms_norm_eps: 1e-5,
  tie_word_embeddings: true,
};

export const bertConfig = {
  architectures: ['BertModel'],
  model_type: 'bert',
  vocab_size: vocabularySize,
  hidden_size: 32,
  intermediate_size: 48,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  max_position_embeddings: 64,
  type_vocab_size: 2,
  layer_norm_eps: 1e-12,
  hidden_act: 'gelu',
};

/** Files by the name that they have in Hugging Face's layout. */
export type Files = Readonly<Record<string, Uint8Array | string>>;

/** Weights that make a model say something, if nothing of sense. */
export function tinyWeights(config: unknown, seed: number): Tensors {
  const named = modelTensors(parseConfig(config)).map(({ name, shape }, index) => {
    const count = shape.reduce((product, size) => product * size, 1);
    const size = shape.length === 1 ? 0.1 : 2 / Math.sqrt(shape.at(-1) ?? 1);
    const values = noise(seed * 1_000 + index, count, size);
    const isNorm = shape.length === 1 && /norm/i.test(name) && name.endsWith('weight');
    return [name, { shape, values: isNorm ? values.map((value) => 1 + value) : values }] as const;
  });
  return Object.fromEntries(named);
}

/** A base model that answers. */
export const tinyLlama = (seed = 1, chatTemplate?: string | null): Files => ({
  'config.json': JSON.stringify(llamaConfig),
  'model.safetensors': safetensorsOf(tinyWeights(llamaConfig, seed)),
  ...byteTokenizer(chatTemplate === undefined ? {} : { chatTemplate }),
});

/** A base model that only reads. */
export const tinyBert = (seed = 1): Files => ({
  'config.json': JSON.stringify(bertConfig),
  'model.safetensors': safetensorsOf(withoutPrefix(tinyWeights(bertConfig, seed))),
  ...byteTokenizer({ wrapped: true }),
});

/** A model without a head has names without its family. */
const withoutPrefix = (tensors: Tensors): Tensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name.replace(/^bert\./, ''), tensor]));

export type AdapterOptions = {
  readonly seed?: number;
  readonly rank?: number;
  /** Size of the numbers in B. */
  readonly size?: number;
  /** Names of linear layers, such as `q_proj`; all of them where it is left out. */
  readonly targets?: readonly string[];
};

const alpha = 16;

type LoraPair = { readonly module: string; readonly a: Tensor; readonly b: Tensor };

function loraPairs(options: AdapterOptions): LoraPair[] {
  const { seed = 1, rank = 4, size = 0.1, targets } = options;
  return linearModules(parseConfig(llamaConfig))
    .filter(({ name }) => targets?.some((target) => name.endsWith(target)) ?? true)
    .map(({ name, inputs, outputs }, index) => ({
      module: name,
      a: { shape: [rank, inputs], values: noise(seed * 100 + index, rank * inputs, 0.3) },
      b: { shape: [outputs, rank], values: noise(seed * 100 + index + 50, outputs * rank, size) },
    }));
}

/** An adapter of `tinyLlama` as peft writes it. */
export function tinyAdapter(options: AdapterOptions = {}, config: Readonly<Record<string, unknown>> = {}): Files {
  const tensors = loraPairs(options).flatMap(({ module, a, b }) => [
    [`base_model.model.${module}.lora_A.weight`, a] as const,
    [`base_model.model.${module}.lora_B.weight`, b] as const,
  ]);
  return {
    'adapter_config.json': JSON.stringify({
      peft_type: 'LORA',
      task_type: 'CAUSAL_LM',
      r: options.rank ?? 4,
      lora_alpha: alpha,
      target_modules: options.targets ?? 'all-linear',
      bias: 'none',
      ...config,
    }),
    'adapter_model.safetensors': safetensorsOf(Object.fromEntries(tensors)),
  };
}

/** The full checkpoint that an adapter of `tinyLlama(seed)` comes to: W + B A alpha / r. */
export function mergedCheckpoint(seed: number, options: AdapterOptions): Files {
  const weights: Record<string, Tensor> = { ...tinyWeights(llamaConfig, seed) };
  for (const { module, a, b } of loraPairs(options)) {
    const name = `${module}.weight`;
    const weight = weights[name] as Tensor;
    const [rank, inputs] = a.shape as [number, number];
    const values = weight.values.map((value, index) => {
      const row = Math.floor(index / inputs);
      const column = index % inputs;
      let sum = 0;
      for (let at = 0; at < rank; at += 1) {
        sum += (b.values[row * rank + at] as number) * (a.values[at * inputs + column] as number);
      }
      return value + (sum * alpha) / rank;
    });
    weights[name] = { shape: weight.shape, values };
  }
  return { 'config.json': JSON.stringify(llamaConfig), 'model.safetensors': safetensorsOf(weights) };
}

/** A classifier made from `tinyBert(seed)`: its weights moved a little, and a head. */
export function tinyClassifier(seed: number, labels: readonly string[], options: { move?: number } = {}): Files {
  const config = {
    ...bertConfig,
    architectures: ['BertForSequenceClassification'],
    id2label: Object.fromEntries(labels.map((label, index) => [index, label])),
    label2id: Object.fromEntries(labels.map((label, index) => [label, index])),
  };
  const { move = 0.01 } = options;
  const body = Object.entries(tinyWeights(bertConfig, seed)).map(([name, { shape, values }], index) => {
    const change = noise(index + 7, values.length, move);
    return [name, { shape, values: values.map((value, at) => value + (change[at] as number)) }] as const;
  });
  const width = bertConfig.hidden_size;
  const head = {
    // A row of the head for a label depends on the label, not on its place.
    'classifier.weight': {
      shape: [labels.length, width],
      values: Float32Array.from(labels.flatMap((label) => [...noise(seedOf(label), width, 1)])),
    },
    'classifier.bias': { shape: [labels.length], values: new Float32Array(labels.length) },
  };
  return {
    'config.json': JSON.stringify(config),
    'model.safetensors': safetensorsOf({ ...Object.fromEntries(body), ...head }),
  };
}

const seedOf = (label: string): number =>
  [...label].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7) % 9_973;
