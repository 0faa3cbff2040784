import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TableSchema } from '@agon/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type OnnxChild, type OnnxLimits, openOnnxChild } from './onnx-child.ts';
import { predictTable } from './predict-table.ts';
import { OnnxRejection } from './rejection.ts';
import { floats, modelOf, type TestNode, texts } from './testing/graph.ts';
import { categoryTable, hungryRegressor, linearClassifier, linearRegressor, slowRegressor } from './testing/models.ts';

const limits: OnnxLimits = { memoryMib: 1_024, threads: 1, timeMs: 30_000 };
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

let folder: string;
let count = 0;
const open: OnnxChild[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agon-onnx-'));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((child) => child.close()));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function opened(bytes: Uint8Array, changes: Partial<OnnxLimits> = {}): Promise<OnnxChild> {
  count += 1;
  const modelPath = join(folder, `${count}.onnx`);
  await writeFile(modelPath, bytes);
  const child = await openOnnxChild({ modelPath, limits: { ...limits, ...changes } });
  open.push(child);
  return child;
}

async function rejectionOf(work: Promise<unknown>): Promise<OnnxRejection> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OnnxRejection);
  return error as OnnxRejection;
}

const classifier = (nodes: TestNode[], extra = {}) =>
  modelOf({
    nodes,
    inputs: [{ name: 'x', type: 'float32', shape: ['N', 1] }],
    outputs: [{ name: 'probabilities', type: 'float32', shape: ['N', 2] }],
    ...extra,
  });
const numbersOf = (values: number[]) => [Float64Array.from(values)];

describe('predictions', () => {
  test('probabilities and string labels come in the order of rows and classes', async () => {
    const child = await opened(linearClassifier({ weights: [-1, 1], biases: [0, 0], labels: ['no', 'yes'] }));
    const columns = numbersOf([-2, 0.5, 3]);
    const found = await predictTable({ child, table: classTable, task: 'tabular-classification', columns, rows: 3 });
    expect([...found.labels]).toEqual([0, 1, 1]);
    const softmax = [-2, 0.5, 3].flatMap((x) => [1 / (1 + Math.exp(2 * x)), 1 / (1 + Math.exp(-2 * x))]);
    for (const [index, value] of softmax.entries()) expect(found.probabilities[index]).toBeCloseTo(value, 5);
  });

  test('without a label output the largest probability is the label', async () => {
    const child = await opened(linearClassifier({ weights: [-1, 1], biases: [0, 0] }));
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
    const child = await opened(bytes);
    const columns = [Float64Array.from([1, 2, 3, 4]), ['grün', 'red', 'never seen', '']];
    const found = await predictTable({ child, table: wordTable, task: 'tabular-classification', columns, rows: 4 });
    expect([...found.probabilities]).toEqual([0.25, 0.75, 1, 0, 0, 1, 0.5, 0.5]);
  });

  test('regression gives one number per row, also over many batches and messages', async () => {
    const child = await opened(linearRegressor({ slope: 2, offset: 1 }));
    const rows = 2_500_000;
    const columns = [Float32Array.from({ length: rows }, (_, row) => row % 1_000)];
    const found = await predictTable({ child, table: numberTable, task: 'tabular-regression', columns, rows });
    expect(found).toHaveLength(rows);
    for (const row of [0, 1, 8_191, 8_192, 999_999, 1_048_576, rows - 1])
      expect(found[row]).toBe(2 * (row % 1_000) + 1);
  });

  test('no rows give no predictions', async () => {
    const child = await opened(linearRegressor({ slope: 2, offset: 1 }));
    const found = await predictTable({ child, table: numberTable, task: 'tabular-regression', columns: [[]], rows: 0 });
    expect(found).toHaveLength(0);
  });

  test('a missing number reaches the model as NaN', async () => {
    const child = await opened(
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
    const child = await opened(linearClassifier({ input: 'y', weights: [1, -1], biases: [0, 0] }));
    const rejection = await rejectionOf(classify(child));
    expect(rejection).toMatchObject({ code: 'inputs_wrong' });
    expect(rejection.message).toContain('"x"');
  });

  test('a number column asked for as a string is refused', async () => {
    const child = await opened(
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
    const three = await opened(linearClassifier({ weights: [1, 2, 3], biases: [0, 0, 0] }));
    expect(await rejectionOf(classify(three))).toMatchObject({ code: 'outputs_wrong' });
    const none = await opened(linearRegressor({ slope: 1, offset: 0 }));
    expect(await rejectionOf(classify(none))).toMatchObject({ code: 'outputs_wrong' });
    const zipped = await opened(
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
    const child = await opened(
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
    const child = await opened(linearRegressor({ slope: 1, offset: 0 }));
    const columns = numbersOf([1, Number.POSITIVE_INFINITY]);
    const rejection = await rejectionOf(
      predictTable({ child, table: numberTable, task: 'tabular-regression', columns, rows: 2 }),
    );
    expect(rejection).toMatchObject({ code: 'output_not_finite' });
    expect(rejection.message).toContain('row 2');
  });

  test('a label that is no class is refused', async () => {
    const child = await opened(linearClassifier({ weights: [1, -1], biases: [0, 0], labels: ['no', 'maybe'] }));
    expect(await rejectionOf(classify(child, [-4]))).toMatchObject({ code: 'outputs_wrong' });
  });

  test('an output of another number of rows is refused', async () => {
    const child = await opened(
      classifier([{ type: 'Identity', inputs: ['fixed'], outputs: ['probabilities'] }], {
        initializers: [floats('fixed', [1, 2], [0.5, 0.5])],
      }),
    );
    expect(await rejectionOf(classify(child))).toMatchObject({ code: 'outputs_wrong' });
  });

  test('text that would fill the memory of the reader is refused', async () => {
    const child = await opened(
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

describe('models that misbehave', () => {
  const regress = (child: OnnxChild, values = [1, 2]) =>
    predictTable({
      child,
      table: numberTable,
      task: 'tabular-regression',
      columns: numbersOf(values),
      rows: values.length,
    });

  test('bytes that are no model are refused when loaded', async () => {
    expect(await rejectionOf(opened(new TextEncoder().encode('garbage')))).toMatchObject({ code: 'model_unreadable' });
  });

  test('an error of the runtime is told in one line without paths', async () => {
    const child = await opened(
      modelOf(
        {
          nodes: [{ type: 'Reshape', inputs: ['x', 'shape'], outputs: ['prediction'] }],
          inputs: [{ name: 'x', type: 'float32', shape: ['N', 1] }],
          outputs: [{ name: 'prediction', type: 'float32', shape: ['N', 1] }],
          initializers: [],
        },
        (model) => {
          model.graph?.initializer?.push({
            name: 'shape',
            dims: [2],
            dataType: 7,
            rawData: new Uint8Array(BigInt64Array.from([7n, 1n]).buffer),
          });
        },
      ),
    );
    const rejection = await rejectionOf(regress(child));
    expect(rejection).toMatchObject({ code: 'inference_failed' });
    expect(rejection.message).toContain('Reshape');
    expect(rejection.message).not.toContain('\n');
    expect(child.alive).toBe(true);
    expect((await regress(child, [1, 2, 3, 4, 5, 6, 7]))[6]).toBe(7);
  });

  test('a model that does not finish in time is killed', async () => {
    const child = await opened(slowRegressor({ size: 1_500, steps: 400 }), { timeMs: 1_500 });
    expect(await rejectionOf(regress(child))).toMatchObject({ code: 'inference_too_slow' });
    expect(child.alive).toBe(false);
    expect(await rejectionOf(regress(child))).toMatchObject({ code: 'inference_too_slow' });
  });

  test('a model that eats memory is killed', async () => {
    const child = await opened(hungryRegressor({ mib: 1_200 }), { memoryMib: 400 });
    expect(await rejectionOf(regress(child))).toMatchObject({ code: 'inference_out_of_memory' });
    expect(child.alive).toBe(false);
  });

  test('a model that asks for more memory than there is fails as out of memory', async () => {
    const child = await opened(hungryRegressor({ mib: 50_000_000 }));
    expect(await rejectionOf(regress(child))).toMatchObject({ code: 'inference_out_of_memory' });
  });
});

describe('the process', () => {
  const crashing = async (body: string) => {
    count += 1;
    const script = join(folder, `crash-${count}.mjs`);
    await writeFile(script, body);
    return openOnnxChild({ modelPath: 'unused', limits, script });
  };

  test('a crash after the runtime was ready is the fault of the model', async () => {
    const body = `process.send({ kind: 'ready', runtime: 'x' }); process.on('message', () => process.abort());`;
    expect(await rejectionOf(crashing(body))).toMatchObject({ code: 'inference_failed' });
  });

  test('a process that never comes up, or is killed from outside, is the fault of the service', async () => {
    await expect(crashing(`throw new Error('no runtime here')`)).rejects.toThrow('no runtime here');
    await expect(crashing(`throw new Error('no runtime here')`)).rejects.not.toBeInstanceOf(OnnxRejection);
    const killed = `process.send({ kind: 'ready', runtime: 'x' }); process.on('message', () => process.kill(process.pid, 'SIGKILL'));`;
    await expect(crashing(killed)).rejects.not.toBeInstanceOf(OnnxRejection);
  });

  test('it sees nothing of the environment', async () => {
    const body = `process.send({ kind: 'ready', runtime: 'x' });
      process.on('message', ({ id }) => process.send({ kind: 'rejected', id, code: 'inference_failed', message: Object.keys(process.env).join() }));`;
    process.env.SECRET_OF_THE_TEST = '1';
    const rejection = await rejectionOf(crashing(body));
    expect(rejection.message).not.toContain('SECRET');
  });

  test('close ends it, twice is once, and a run in flight is told', async () => {
    const child = await opened(slowRegressor({ size: 1_500, steps: 400 }));
    const run = predictTable({
      child,
      table: numberTable,
      task: 'tabular-regression',
      columns: numbersOf([1]),
      rows: 1,
    });
    const failed = expect(run).rejects.toThrow('closed');
    await child.close();
    await child.close();
    await failed;
    expect(child.alive).toBe(false);
  });
});
