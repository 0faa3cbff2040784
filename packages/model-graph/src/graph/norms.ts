import { fused, type Value } from './graph-builder.ts';
import { type GraphContext, weightOf } from './linear.ts';

export type Norm = { readonly name: string; readonly size: number; readonly epsilon: number };

/** `x / sqrt(mean(x^2) + epsilon) * weight` over the last dimension (Zhang and Sennrich 2019). */
export function rmsNorm(context: GraphContext, x: Value, norm: Norm): Value {
  return context.builder.op('SimplifiedLayerNormalization', [x, weightOf(context, norm.name, [norm.size])], {
    attributes: { axis: { int: -1 }, epsilon: { float: norm.epsilon } },
  });
}

/** The sum of residual and change, and its RMS norm, in one pass. All `[rows, size]`. */
export function addAndRmsNorm(
  context: GraphContext,
  step: { residual: Value; change: Value },
  norm: Norm,
): { residual: Value; x: Value } {
  const inputs = [step.residual, step.change, weightOf(context, norm.name, [norm.size])];
  const [x, , , residual] = context.builder.ops('SkipSimplifiedLayerNormalization', inputs, 4, {
    domain: fused,
    attributes: { epsilon: { float: norm.epsilon } },
  }) as [Value, Value, Value, Value];
  return { residual, x };
}

/** Layer norm (Ba et al. 2016) of the sum of two `[rows, size]`, in one pass; `norm.name` has a weight and a bias. */
export function addAndLayerNorm(context: GraphContext, a: Value, b: Value, norm: Norm): Value {
  const weight = weightOf(context, `${norm.name}.weight`, [norm.size]);
  const bias = weightOf(context, `${norm.name}.bias`, [norm.size]);
  return context.builder.op('SkipLayerNormalization', [a, b, weight, bias], {
    domain: fused,
    attributes: { epsilon: { float: norm.epsilon } },
  });
}
