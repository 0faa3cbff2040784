import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { TableSchema } from '@agon/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type OnnxChild, openOnnxChild } from './onnx-child.ts';
import { predictTable } from './predict-table.ts';
import { OnnxRejection } from './rejection.ts';
import { integers, modelOf } from './testing/graph.ts';
import { ModelFolder, rejectionOf } from './testing/model-folder.ts';
import { hungryRegressor, slowRegressor } from './testing/models.ts';

const numberTable: TableSchema = { target: 't', classes: null, columns: [{ name: 'x', input: 'x', kind: 'number' }] };

let models: ModelFolder;
beforeAll(() => {
  models = new ModelFolder();
});
afterEach(() => models.closeChildren());
afterAll(() => models.remove());

const numbersOf = (values: number[]) => [Float64Array.from(values)];

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
    expect(await rejectionOf(models.open(new TextEncoder().encode('garbage')))).toMatchObject({
      code: 'model_unreadable',
    });
  });

  test('an error of the runtime is told in one line without paths', async () => {
    const child = await models.open(
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
    const child = await models.open(slowRegressor({ size: 1_500, steps: 400 }), { timeMs: 1_500 });
    expect(await rejectionOf(regress(child))).toMatchObject({ code: 'inference_too_slow' });
    expect(child.alive).toBe(false);
    expect(await rejectionOf(regress(child))).toMatchObject({ code: 'inference_too_slow' });
  });

  test('a model that eats memory is killed', async () => {
    const child = await models.open(hungryRegressor({ mib: 1_200 }), { memoryMib: 400 });
    expect(await rejectionOf(regress(child))).toMatchObject({ code: 'inference_out_of_memory' });
    expect(child.alive).toBe(false);
  });

  test('a model that eats memory while it is loaded is killed', async () => {
    const constant = modelOf({
      nodes: [
        { type: 'ConstantOfShape', inputs: ['large'], outputs: ['block'] },
        { type: 'Cos', inputs: ['block'], outputs: ['ones'] },
        { type: 'ReduceMean', inputs: ['ones'], outputs: ['mean'] },
        { type: 'Add', inputs: ['x', 'mean'], outputs: ['prediction'] },
      ],
      inputs: [{ name: 'x', type: 'float32', shape: ['N', 1] }],
      outputs: [{ name: 'prediction', type: 'float32', shape: ['N', 1] }],
      initializers: [integers('large', [1], [300 * 1024 * 1024])],
    });
    const loaded = models.open(constant, { memoryMib: 400 }).then((child) => regress(child));
    expect(await rejectionOf(loaded)).toMatchObject({ code: 'inference_out_of_memory' });
  });

  test('a model that asks for more memory than there is fails as out of memory', async () => {
    const child = await models.open(hungryRegressor({ mib: 50_000_000 }));
    expect(await rejectionOf(regress(child))).toMatchObject({ code: 'inference_out_of_memory' });
  });
});

describe('the process', () => {
  const crashing = (script: string) => models.openScript(script);

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

  test('a model file that is not there is the fault of the service', async () => {
    const limits = { memoryMib: 512, threads: 1, timeMs: 10_000 };
    await expect(openOnnxChild({ modelPath: '/nowhere/model.onnx', limits })).rejects.toThrow('ENOENT');
  });

  test('it sees nothing of the environment', async () => {
    const body = `process.send({ kind: 'ready', runtime: 'x' });
      process.on('message', ({ id }) => process.send({ kind: 'rejected', id, code: 'inference_failed', message: Object.keys(process.env).join() }));`;
    process.env.SECRET_OF_THE_TEST = '1';
    const rejection = await rejectionOf(crashing(body));
    expect(rejection.message).not.toContain('SECRET');
  });

  test('close ends it, twice is once, and a run in flight is told', async () => {
    const child = await models.open(slowRegressor({ size: 1_500, steps: 400 }));
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

  test('it ends soon after its parent was killed, also in the middle of a run', async () => {
    const modelPath = await models.write(slowRegressor({ size: 1_500, steps: 400 }));
    const built = new URL('../dist/onnx-child.js', import.meta.url).href;
    const script = `import { openOnnxChild } from ${JSON.stringify(built)};
      const child = await openOnnxChild({ modelPath: process.argv[2], limits: { memoryMib: 1024, threads: 1, timeMs: 60000 } });
      child.run({ x: Float32Array.of(1) }, 1).catch(() => undefined);
      setTimeout(() => process.send(child.pid), 700);`;
    const parent = fork(await models.write(script, 'mjs'), [modelPath]);
    const [pid] = (await once(parent, 'message')) as [number];
    expect(isThere(pid)).toBe(true);
    parent.kill('SIGKILL');
    await expect.poll(() => isThere(pid), { timeout: 10_000 }).toBe(false);
  });
});

/** A process that has ended and waits for whoever started it to notice is not there. */
function isThere(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}
