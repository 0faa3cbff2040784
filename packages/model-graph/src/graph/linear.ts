import type { Weights } from '../safetensors/weights.ts';
import { tensorOf } from '../safetensors/weights.ts';
import type { GraphBuilder, Value } from './graph-builder.ts';
import type { LinearModule } from './tensor-spec.ts';

/** What the parts of a graph are built from. */
export type GraphContext = {
  readonly builder: GraphBuilder;
  readonly weights: Pick<Weights, 'tensors'>;
  /** Whether the linear modules take LoRA matrices as inputs of the graph. */
  readonly lora: boolean;
};

/** A weight of the model in the shape that the architecture asks for. @throws ModelFault as `tensorOf` */
export const weightOf = (context: GraphContext, name: string, shape: readonly number[]): Value =>
  context.builder.weight(tensorOf(context.weights, name, shape));

/** Names of the inputs that carry a module's LoRA matrices: A is `[rank, inputs]`, B is `[outputs, rank]`. */
export const loraNames = (module: LinearModule): { a: string; b: string } => ({
  a: `${module.name}.lora_A`,
  b: `${module.name}.lora_B`,
});

/**
 * `y = x W^T + b`, and with LoRA `y + (x A^T) B^T` (Hu et al. 2021, equation 3; the scale is folded into B).
 *
 * @param x `[rows, inputs]`
 * @returns `[rows, outputs]`
 * @throws ModelFault as `tensorOf`
 */
export function linear(context: GraphContext, module: LinearModule, x: Value): Value {
  const { builder } = context;
  const attributes = { transB: { int: 1 } };
  const weight = weightOf(context, `${module.name}.weight`, [module.outputs, module.inputs]);
  const bias = module.bias ? [weightOf(context, `${module.name}.bias`, [module.outputs])] : [];
  const y = builder.op('Gemm', [x, weight, ...bias], { attributes });
  if (!context.lora) return y;
  const names = loraNames(module);
  const rank = `rank of ${module.name}`;
  const a = builder.input(names.a, 'float32', [rank, module.inputs]);
  const b = builder.input(names.b, 'float32', [module.outputs, rank]);
  const low = builder.op('Gemm', [x, a], { attributes });
  return builder.op('Gemm', [low, b, y], { attributes });
}
