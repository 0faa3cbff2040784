import { z } from 'zod';
import type { DecoderConfig, RotaryScaling } from '../decoder/decoder-config.ts';
import { ModelFault } from '../model-fault.ts';
import { parsedFields, refuse } from './config-fields.ts';

const size = (max: number) => z.int().min(1).max(max);

const Rope = z.object({
  rope_theta: z.number().positive().optional(),
  rope_type: z.string().optional(),
  type: z.string().optional(),
  factor: z.number().positive().optional(),
  low_freq_factor: z.number().positive().optional(),
  high_freq_factor: z.number().positive().optional(),
  original_max_position_embeddings: size(100_000_000).optional(),
  partial_rotary_factor: z.number().optional(),
});
type Rope = z.infer<typeof Rope>;

/** What `config.json` of every decoder family has. Bounds keep arithmetic on sizes exact. */
const DecoderFields = z.object({
  vocab_size: size(10_000_000),
  hidden_size: size(100_000),
  intermediate_size: size(1_000_000),
  num_hidden_layers: size(1_000),
  num_attention_heads: size(10_000),
  num_key_value_heads: size(10_000).nullish(),
  head_dim: size(10_000).nullish(),
  hidden_act: z.string().default('silu'),
  rms_norm_eps: z.number().positive().max(1),
  rope_theta: z.number().positive().default(10_000),
  rope_scaling: Rope.nullish(),
  rope_parameters: Rope.nullish(),
  partial_rotary_factor: z.number().default(1),
  tie_word_embeddings: z.boolean().default(false),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  sliding_window: size(100_000_000).nullish(),
  use_sliding_window: z.boolean().default(true),
  max_window_layers: z.int().min(0).default(0),
  layer_types: z.array(z.string()).nullish(),
  max_position_embeddings: size(100_000_000).default(2_048),
  quantization_config: z.unknown().optional(),
});
export type DecoderFields = z.infer<typeof DecoderFields>;

/** What a family does in its own way. */
export type DecoderTraits = Pick<DecoderConfig, 'biases' | 'queryKeyNorms' | 'windows'>;

export const noWindows = (fields: DecoderFields): null[] =>
  Array.from({ length: fields.num_hidden_layers }, () => null);

/**
 * Reads the fields that decoders share; `traits` adds what the family does in its own way.
 *
 * @throws ModelFault `config_malformed`, `config_unsupported`
 */
export function readDecoder(
  raw: unknown,
  architecture: string,
  traits: (fields: DecoderFields) => DecoderTraits,
): DecoderConfig {
  const fields = parsedFields(DecoderFields, raw);
  const heads = fields.num_attention_heads;
  const keyValueHeads = fields.num_key_value_heads ?? heads;
  const headSize = fields.head_dim ?? fields.hidden_size / heads;
  refuse(fields.hidden_act !== 'silu', `hidden_act ${fields.hidden_act}; only silu`);
  refuse(fields.quantization_config != null, 'quantised weights; save the model in F32, F16 or BF16');
  refuse(heads % keyValueHeads !== 0, `${heads} query heads for ${keyValueHeads} key heads`);
  refuse(!Number.isInteger(headSize) || headSize % 2 !== 0, `heads of ${headSize} numbers; an even number`);
  return {
    kind: 'decoder',
    architecture,
    vocabulary: fields.vocab_size,
    hidden: fields.hidden_size,
    intermediate: fields.intermediate_size,
    layers: fields.num_hidden_layers,
    heads,
    keyValueHeads,
    headSize,
    normEpsilon: fields.rms_norm_eps,
    rotary: rotaryOf(fields),
    tied: fields.tie_word_embeddings,
    positions: fields.max_position_embeddings,
    ...traits(fields),
  };
}

/** transformers 5 writes `rope_parameters`, earlier ones `rope_theta` and `rope_scaling`. */
function rotaryOf(fields: DecoderFields): DecoderConfig['rotary'] {
  const rope: Rope = fields.rope_parameters ?? fields.rope_scaling ?? {};
  const partial = rope.partial_rotary_factor ?? fields.partial_rotary_factor;
  refuse(partial !== 1, `a partial_rotary_factor of ${partial}; only 1`);
  return { theta: rope.rope_theta ?? fields.rope_theta, scaling: scalingOf(rope) };
}

function scalingOf(rope: Rope): RotaryScaling {
  const kind = rope.rope_type ?? rope.type ?? 'default';
  const { factor, low_freq_factor: low, high_freq_factor: high, original_max_position_embeddings: original } = rope;
  if (kind === 'default') return { kind };
  if (kind === 'linear' && factor !== undefined) return { kind, factor };
  if (kind === 'llama3' && factor !== undefined && low && high && original && high !== low) {
    return { kind, factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalPositions: original };
  }
  throw new ModelFault(
    'config_unsupported',
    `config.json asks for the rotary scaling ${JSON.stringify(kind)}; default, linear and llama3 with all their fields are supported.`,
  );
}

/** A window per layer: `layer_types` where the configuration has it, else by `max_window_layers`. */
export function windowsOf(fields: DecoderFields, firstLayer: number): (number | null)[] {
  const window = fields.sliding_window ?? null;
  const types = fields.layer_types;
  refuse(
    types != null && types.length !== fields.num_hidden_layers,
    'another number of layer_types than layers, which no graph',
  );
  const unknown = types?.find((type) => type !== 'full_attention' && type !== 'sliding_attention');
  refuse(unknown !== undefined, `layers of the type ${unknown}; only full_attention and sliding_attention`);
  return Array.from({ length: fields.num_hidden_layers }, (_, layer) => {
    const slides = types ? types[layer] === 'sliding_attention' : layer >= firstLayer;
    return slides ? window : null;
  });
}
