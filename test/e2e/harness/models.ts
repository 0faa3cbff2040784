import { floats, modelOf } from '../../../packages/onnx/src/testing/index.ts';

/**
 * A logistic model of one number column `x`: P(yes) = 1 / (1 + exp(-slope (x - 0.5))). The classes are `no`, `yes`.
 * Extra columns of a job are left out, as the contract allows.
 */
export function logisticModel(slope: number): Uint8Array {
  return modelOf({
    inputs: [{ name: 'x', type: 'float32', shape: ['N', 1] }],
    outputs: [{ name: 'probabilities', type: 'float32', shape: ['N', 2] }],
    initializers: [floats('weights', [1, 2], [-slope / 2, slope / 2]), floats('bias', [2], [slope / 4, -slope / 4])],
    nodes: [
      { type: 'Gemm', inputs: ['x', 'weights', 'bias'], outputs: ['logits'] },
      { type: 'Softmax', inputs: ['logits'], outputs: ['probabilities'] },
    ],
  });
}
