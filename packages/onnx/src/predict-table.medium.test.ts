import type { TableSchema } from '@agon/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { OnnxChild } from './onnx-child.ts';
import { predictTable } from './predict-table.ts';
import { floats, modelOf, type TestNode, texts } from './testing/graph.ts';
import { ModelFolder, rejectionOf } from './testing/model-folder.ts';
import { categoryTable, linearClassifier, linearRegressor } from './testing/models.ts';

const numberTable: TableSchema = {
  target: 't',
  classes: null,
  columns: [{ name: 'x', input: 'x', kind: 'number' }],
};
const classTable: TableSchema = { ...numberTable, classes: ['no', 'yes'] };
const wordTable: TableSchema = {
  target: 't',
  classes: ['no', 'yes'],
  columns: [
    { name: 'a number', input: 'column_0', kind: 'number' },
    { name: 'colour', input: 'colour', kind: 'category' },
  ],
};

let models: ModelFolder;
beforeAll(() => {
  models = new ModelFolder();
});
afterEach(() => models.closeChildren());
afterAll(() => models.remove());

const numbersOf = (values: number[]) => [Float64Array.from(values)];

const classifier = (nodes: TestNode[], extra = {}) =>
  modelOf({
    nodes,
    inputs: [{ name: 'x', type: 'float32', shape: ['N', 1] }],
    outputs: [{ name: 'probabilities', type: 'float32', shape: ['N', 2] }],
    ...extra,
  });

describe('predictions', () => {
  test('probabilities and string labels come in the order of rows and classes', async () => {
    const child = await models.open(linearClassifier({ weights: [-1, 1], biases: [0, 0], labels: ['no', 'yes'] }));
    const columns = numbersOf([-2, 0.5, 3]);
    const found = await predictTable({ child, table: classTable, task: 'tabular-classification', columns, rows: 3 });
    expect([...found.labels]).toEqual([0, 1, 1]);
    const softmax = [-2, 0.5, 3].flatMap((x) => [1 / (1 + Math.exp(2 * x)), 1 / (1 + Math.exp(-2 * x))]);
    for (const [index, value] of softmax.entries()) expect(found.probabilities[index]).toBeCloseTo(value, 5);
  });

  test('without a label output the largest probability is the label', async () => {
    const child = await models.open(linearClassifier({ weights: [-1, 1], biases: [0, 0] }));
    const columns = numbersOf([5, -5]);
    const found = await predictTable({ child, table: classTable, task: 'tabular-classification', columns, rows: 2 });
    expect([...found.labels]).toEqual([1, 0]);
  });

  test('a model may leave columns out, strings arrive as they are, unseen ones too', async () => {
    const bytes = categoryTable({
      input: 'colour',
      categories: ['red', 'grün', ''],
      probabilities: [
        [1, 0],
        [0.25, 0.75],
        [0.5, 0.5],
        [0, 1],
      ],
    });
    const child = await models.open(bytes);
    const columns = [Float64Array.from([1, 2, 3, 4]), ['grün', 'red', 'never seen', '']];
    const found = await predictTable({ child, table: wordTable, task: 'tabular-classification', columns, rows: 4 });
    expect([...found.probabilities]).toEqual([0.25, 0.75, 1, 0, 0, 1, 0.5, 0.5]);
  });

  test('regression gives one number per row, also over many batches and messages', async () => {
    const child = await models.open(linearRegressor({ slope: 2, offset: 1 }));
    const rows = 2_500_000;
    const columns = [Float32Array.from({ length: rows }, (_, row) => row % 1_000)];
    const found = await predictTable({ child, table: numberTable, task: 'tabular-regression', columns, rows });
    expect(found).toHaveLength(rows);
    for (const row of [0, 1, 8_191, 8_192, 999_999, 1_048_576, rows - 1])
      expect(found[row]).toBe(2 * (row % 1_000) + 1);
  });

  test('no rows give no predictions', async () => {
    const child = await models.open(linearRegressor({ slope: 2, offset: 1 }));
    const found = await predictTable({ child, table: numberTable, task: 'tabular-regression', columns: [[]], rows: 0 });
    expect(found).toHaveLength(0);
  });

  test('a missing number reaches the model as NaN', async () => {
    const child = await models.open(
      modelOf({
        nodes: [
          { type: 'IsNaN', inputs: ['x'], outputs: ['missing'] },
          { type: 'Where', inputs: ['missing', 'filler', 'x'], outputs: ['prediction'] },
        ],
        inputs: [{ name: 'x', type: 'float32', shape: ['N', 1] }],
        outputs: [{ name: 'prediction', type: 'float32', shape: ['N', 1] }],
        initializers: [floats('filler', [], [-7])],
      }),
    );
    const columns = numbersOf([1, Number.NaN, 3]);
    const found = await predictTable({ child, table: numberTable, task: 'tabular-regression', columns, rows: 3 });
    expect([...found]).toEqual([1, -7, 3]);
  });
});

describe('models that break the contract', () => {
  const classify = (child: OnnxChild, values = [1, 2]) =>
    predictTable({
      child,
      table: classTable,
      task: 'tabular-classification',
      columns: numbersOf(values),
      rows: values.length,
    });

  test('an input that is no column is refused with the names of the columns', async () => {
    const child = await models.open(linearClassifier({ input: 'y', weights: [1, -1], biases: [0, 0] }));
    const rejection = await rejectionOf(classify(child));
    expect(rejection).toMatchObject({ code: 'inputs_wrong' });
    expect(rejection.message).toContain('"x"');
  });

  test('a number column asked for as a string is refused', async () => {
    const child = await models.open(
      categoryTable({
        input: 'x',
        categories: ['a'],
        probabilities: [
          [1, 0],
          [0, 1],
        ],
      }),
    );
    expect(await rejectionOf(classify(child))).toMatchObject({ code: 'inputs_wrong' });
  });

  test('another number of classes, a missing output and a sequence output are refused', async () => {
    const three = await models.open(linearClassifier({ weights: [1, 2, 3], biases: [0, 0, 0] }));
    expect(await rejectionOf(classify(three))).toMatchObject({ code: 'outputs_wrong' });
    const none = await models.open(linearRegressor({ slope: 1, offset: 0 }));
    expect(await rejectionOf(classify(none))).toMatchObject({ code: 'outputs_wrong' });
    const zipped = await models.open(
      modelOf(
        {
          nodes: [
            { type: 'Concat', inputs: ['x', 'x'], outputs: ['two'], attributes: { axis: { int: 1 } } },
            {
              type: 'ZipMap',
              domain: 'ai.onnx.ml',
              inputs: ['two'],
              outputs: ['probabilities'],
              attributes: { classlabels_strings: ['no', 'yes'] },
            },
          ],
          inputs: [{ name: 'x', type: 'float32', shape: ['N', 1] }],
          outputs: [],
        },
        (model) => {
          const map = { keyType: 8, valueType: { tensorType: { elemType: 1, shape: {} } } };
          model.graph?.output?.push({ name: 'probabilities', type: { sequenceType: { elemType: { mapType: map } } } });
        },
      ),
    );
    expect(await rejectionOf(classify(zipped))).toMatchObject({ code: 'outputs_wrong' });
  });

  test.each([
    ['probabilities that do not sum to 1', [0.5, 0.2], 'outputs_wrong'],
    ['NaN', [Number.NaN, 1], 'output_not_finite'],
    ['infinity', [Number.POSITIVE_INFINITY, 0], 'output_not_finite'],
    ['a negative probability', [-0.5, 1.5], 'output_not_finite'],
  ])('%s is refused', async (_name, values, code) => {
    const child = await models.open(
      classifier(
        [
          { type: 'Mul', inputs: ['x', 'zero'], outputs: ['nothing'] },
          { type: 'Add', inputs: ['nothing', 'values'], outputs: ['probabilities'] },
        ],
        { initializers: [floats('zero', [], [0]), floats('values', [1, 2], values)] },
      ),
    );
    expect(await rejectionOf(classify(child))).toMatchObject({ code });
  });

  test('a prediction that is not finite is refused by row', async () => {
    const child = await models.open(linearRegressor({ slope: 1, offset: 0 }));
    const columns = numbersOf([1, Number.POSITIVE_INFINITY]);
    const rejection = await rejectionOf(
      predictTable({ child, table: numberTable, task: 'tabular-regression', columns, rows: 2 }),
    );
    expect(rejection).toMatchObject({ code: 'output_not_finite' });
    expect(rejection.message).toContain('row 2');
  });

  test('a label that is no class is refused', async () => {
    const child = await models.open(linearClassifier({ weights: [1, -1], biases: [0, 0], labels: ['no', 'maybe'] }));
    expect(await rejectionOf(classify(child, [-4]))).toMatchObject({ code: 'outputs_wrong' });
  });

  test('an output of another number of rows is refused', async () => {
    const child = await models.open(
      classifier([{ type: 'Identity', inputs: ['fixed'], outputs: ['probabilities'] }], {
        initializers: [floats('fixed', [1, 2], [0.5, 0.5])],
      }),
    );
    expect(await rejectionOf(classify(child))).toMatchObject({ code: 'outputs_wrong' });
  });

  test('text that would fill the memory of the reader is refused', async () => {
    const child = await models.open(
      modelOf({
        nodes: [
          { type: 'Concat', inputs: ['x', 'x'], outputs: ['two'], attributes: { axis: { int: 1 } } },
          { type: 'Softmax', inputs: ['two'], outputs: ['probabilities'] },
          { type: 'Shape', inputs: ['x'], outputs: ['shape'] },
          { type: 'Expand', inputs: ['long', 'shape'], outputs: ['label'] },
        ],
        inputs: [{ name: 'x', type: 'float32', shape: ['N', 1] }],
        outputs: [
          { name: 'probabilities', type: 'float32', shape: ['N', 2] },
          { name: 'label', type: 'string', shape: ['N', 1] },
        ],
        initializers: [texts('long', [], ['x'.repeat(100_000)])],
      }),
    );
    const values = Array.from({ length: 1_000 }, () => 1);
    expect(await rejectionOf(classify(child, values))).toMatchObject({ code: 'outputs_wrong' });
  });
});
