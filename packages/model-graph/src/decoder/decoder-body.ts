import { fused, type Value } from '../graph/graph-builder.ts';
import { type GraphContext, linear, weightOf } from '../graph/linear.ts';
import type { LinearModule } from '../graph/tensor-spec.ts';
import { attention, type KeyValues, rmsNorm, type Sequence } from './attention.ts';
import type { DecoderConfig } from './decoder-config.ts';
import { type DecoderModule, embeddingName, lastNormName, layerModules, layerNorms } from './decoder-tensors.ts';

export type DecoderInput = {
  /** int64 `[B, T]` */
  readonly tokens: Value;
  readonly sequence: Sequence;
  /** Keys and values of earlier tokens, one pair per layer; none where every row begins here. */
  readonly past?: readonly KeyValues[];
  /** int64 `[P]`: indices into `[B * T]` of the tokens whose hidden states are wanted. */
  readonly positions: Value;
};

/**
 * The model without its projection to the vocabulary (Touvron et al. 2023). The last layer computes only what the
 * wanted positions need.
 *
 * @returns hidden states `[P, hidden]`, and the keys and values of each layer
 * @throws ModelFault as `tensorOf`
 */
export function decoderBody(
  context: GraphContext,
  config: DecoderConfig,
  input: DecoderInput,
): { hidden: Value; present: KeyValues[] } {
  const { builder } = context;
  const embedding = weightOf(context, embeddingName, [config.vocabulary, config.hidden]);
  const flatTokens = builder.op('Reshape', [input.tokens, builder.ints([-1])]);
  const sequence = { ...input.sequence, rowsByTokens: builder.op('Shape', [input.tokens]) };
  const present: KeyValues[] = [];
  let residual = builder.op('Gather', [embedding, flatTokens]);
  let x = norm(context, config, residual, layerNorms(0).before);
  for (let index = 0; index < config.layers; index += 1) {
    const modules = layerModules(config, index);
    const past = input.past?.[index];
    const attended = attention(context, config, { index, modules, x, ...(past ? { past } : {}) }, sequence);
    present.push(attended.present);
    const last = index === config.layers - 1;
    const chosen = (value: Value): Value => (last ? builder.op('Gather', [value, input.positions]) : value);
    const afterAttention = addAndNorm(context, config, {
      residual: chosen(residual),
      change: linear(context, modules.output, chosen(attended.context)),
      name: layerNorms(index).after,
    });
    const afterMlp = addAndNorm(context, config, {
      residual: afterAttention.residual,
      change: mlp(context, modules, afterAttention.x),
      name: last ? lastNormName : layerNorms(index + 1).before,
    });
    residual = afterMlp.residual;
    x = afterMlp.x;
  }
  return { hidden: x, present };
}

/** `down(silu(gate(x)) * up(x))` (Shazeer 2020). QuickGelu is `x * sigmoid(alpha * x)`, so with alpha 1 it is SiLU. */
function mlp(context: GraphContext, modules: Record<DecoderModule, LinearModule>, x: Value): Value {
  const { builder } = context;
  const gate = builder.op('QuickGelu', [linear(context, modules.gate, x)], {
    domain: fused,
    attributes: { alpha: { float: 1 } },
  });
  const product = builder.op('Mul', [gate, linear(context, modules.up, x)]);
  return linear(context, modules.down, product);
}

const norm = (context: GraphContext, config: DecoderConfig, x: Value, name: string): Value =>
  rmsNorm(context, x, { name, size: config.hidden, epsilon: config.normEpsilon });

/** The sum of residual and change, and its RMS norm, in one pass. */
function addAndNorm(
  context: GraphContext,
  config: DecoderConfig,
  step: { residual: Value; change: Value; name: string },
): { residual: Value; x: Value } {
  const weight = weightOf(context, step.name, [config.hidden]);
  const [x, , , residual] = context.builder.ops(
    'SkipSimplifiedLayerNormalization',
    [step.residual, step.change, weight],
    4,
    { domain: fused, attributes: { epsilon: { float: config.normEpsilon } } },
  ) as [Value, Value, Value, Value];
  return { residual, x };
}
