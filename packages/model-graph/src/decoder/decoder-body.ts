import { fused, type Value } from '../graph/graph-builder.ts';
import { type GraphContext, linear, weightOf } from '../graph/linear.ts';
import { addAndRmsNorm, rmsNorm } from '../graph/norms.ts';
import type { LinearModule } from '../graph/tensor-spec.ts';
import { attention, type KeyValues, type Sequence } from './attention.ts';
import type { DecoderConfig } from './decoder-config.ts';
import { type DecoderModule, embeddingName, lastNormName, layerModules, layerNorms } from './decoder-tensors.ts';

export type DecoderInput = {
  /** int64 `[B, T]` */
  readonly tokens: Value;
  readonly sequence: Sequence;
  /** Keys and values of earlier tokens, one pair per layer; none where every row begins here. */
  readonly past?: readonly KeyValues[];
  /** int64 `[P]`: indices into `[B * T]` of the tokens whose hidden states are wanted; all where left out. */
  readonly positions?: Value | undefined;
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
  const norm = (name: string) => ({ name, size: config.hidden, epsilon: config.normEpsilon });
  const embedding = weightOf(context, embeddingName, [config.vocabulary, config.hidden]);
  const flatTokens = builder.op('Reshape', [input.tokens, builder.ints([-1])]);
  const present: KeyValues[] = [];
  let residual = builder.op('Gather', [embedding, flatTokens]);
  let x = rmsNorm(context, residual, norm(layerNorms(0).before));
  for (let index = 0; index < config.layers; index += 1) {
    const modules = layerModules(config, index);
    const layer = { index, modules, x, past: input.past?.[index] };
    const attended = attention(context, config, layer, input.sequence);
    present.push(attended.present);
    const wanted = index === config.layers - 1 ? input.positions : undefined;
    const chosen = (value: Value): Value => (wanted === undefined ? value : builder.op('Gather', [value, wanted]));
    const change = linear(context, modules.output, chosen(attended.attended));
    const middle = addAndRmsNorm(context, { residual: chosen(residual), change }, norm(layerNorms(index).after));
    const next = index === config.layers - 1 ? lastNormName : layerNorms(index + 1).before;
    const step = { residual: middle.residual, change: mlp(context, modules, middle.x) };
    ({ residual, x } = addAndRmsNorm(context, step, norm(next)));
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
