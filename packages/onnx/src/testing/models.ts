import { floats, integers, modelOf, type TestGraph, type TestNode, type TestValue } from './graph.ts';

const numbers = (name: string): TestValue => ({ name, type: 'float32', shape: ['N', 1] });
const words = (name: string): TestValue => ({ name, type: 'string', shape: ['N', 1] });

/** Classification with one number `x`: the probabilities are softmax of `weights[c] * x + biases[c]`. */
export function linearClassifier(options: {
  input?: string;
  weights: number[];
  biases: number[];
  /** Classes for a `label` output; none where it is left out. */
  labels?: string[];
}): Uint8Array {
  const input = options.input ?? 'x';
  const classes = options.weights.length;
  const labelled = options.labels !== undefined;
  const nodes: TestNode[] = [
    {
      type: 'LinearClassifier',
      domain: 'ai.onnx.ml',
      inputs: [input],
      outputs: ['label', 'probabilities'],
      attributes: {
        coefficients: options.weights,
        intercepts: options.biases,
        post_transform: 'SOFTMAX',
        ...(options.labels
          ? { classlabels_strings: options.labels }
          : { classlabels_ints: { ints: options.weights.map((_, index) => index) } }),
      },
    },
  ];
  const outputs: TestValue[] = [{ name: 'probabilities', type: 'float32', shape: ['N', classes] }];
  if (labelled) outputs.push({ name: 'label', type: 'string', shape: ['N'] });
  return modelOf({ nodes, inputs: [numbers(input)], outputs });
}

/** Classification of one category: row `i` of the table of probabilities for `categories[i]`, the last for others. */
export function categoryTable(options: { input: string; categories: string[]; probabilities: number[][] }): Uint8Array {
  const classes = options.probabilities[0]?.length ?? 0;
  return modelOf({
    nodes: [
      {
        type: 'LabelEncoder',
        domain: 'ai.onnx.ml',
        inputs: [options.input],
        outputs: ['code'],
        attributes: {
          keys_strings: options.categories,
          values_int64s: { ints: options.categories.map((_, index) => index) },
          default_int64: { int: options.categories.length },
        },
      },
      { type: 'Reshape', inputs: ['code', 'flat'], outputs: ['index'] },
      { type: 'Gather', inputs: ['table', 'index'], outputs: ['probabilities'] },
    ],
    inputs: [words(options.input)],
    outputs: [{ name: 'probabilities', type: 'float32', shape: ['N', classes] }],
    initializers: [
      integers('flat', [1], [-1]),
      floats('table', [options.probabilities.length, classes], options.probabilities.flat()),
    ],
  });
}

/** Regression: `prediction = slope * x + offset`. */
export function linearRegressor(options: { input?: string; slope: number; offset: number }): Uint8Array {
  return modelOf(regression(options.input ?? 'x', options));
}

function regression(input: string, line: { slope: number; offset: number }): TestGraph {
  return {
    nodes: [
      { type: 'Mul', inputs: [input, 'slope'], outputs: ['scaled'] },
      { type: 'Add', inputs: ['scaled', 'offset'], outputs: ['prediction'] },
    ],
    inputs: [numbers(input)],
    outputs: [numbers('prediction')],
    initializers: [floats('slope', [], [line.slope]), floats('offset', [], [line.offset])],
  };
}

/** Regression whose work grows with `size`: `steps` products of a size × size matrix before the prediction. */
export function slowRegressor(options: { input?: string; size: number; steps: number }): Uint8Array {
  const input = options.input ?? 'x';
  const nodes: TestNode[] = [
    { type: 'ReduceMean', inputs: [input], outputs: ['mean'], attributes: { keepdims: { int: 1 } } },
    { type: 'Expand', inputs: ['mean', 'square'], outputs: ['m0'] },
  ];
  for (let step = 0; step < options.steps; step += 1) {
    nodes.push({ type: 'MatMul', inputs: [`m${step}`, `m${step}`], outputs: [`p${step}`] });
    nodes.push({ type: 'Mul', inputs: [`p${step}`, 'small'], outputs: [`m${step + 1}`] });
  }
  nodes.push({
    type: 'ReduceMean',
    inputs: [`m${options.steps}`],
    outputs: ['end'],
    attributes: { keepdims: { int: 1 } },
  });
  nodes.push({ type: 'Add', inputs: [input, 'end'], outputs: ['prediction'] });
  return modelOf({
    nodes,
    inputs: [numbers(input)],
    outputs: [numbers('prediction')],
    initializers: [integers('square', [2], [options.size, options.size]), floats('small', [], [1 / options.size])],
  });
}

/** Regression that holds `mib` MiB of floats made from its input while it runs. */
export function hungryRegressor(options: { input?: string; mib: number }): Uint8Array {
  const input = options.input ?? 'x';
  return modelOf({
    nodes: [
      { type: 'ReduceMean', inputs: [input], outputs: ['mean'], attributes: { keepdims: { int: 1 } } },
      { type: 'Expand', inputs: ['mean', 'large'], outputs: ['block'] },
      { type: 'Sin', inputs: ['block'], outputs: ['waves'] },
      { type: 'ReduceMean', inputs: ['waves'], outputs: ['end'], attributes: { keepdims: { int: 1 } } },
      { type: 'Add', inputs: [input, 'end'], outputs: ['prediction'] },
    ],
    inputs: [numbers(input)],
    outputs: [numbers('prediction')],
    initializers: [integers('large', [2], [options.mib, (1024 * 1024) / 4])],
  });
}
