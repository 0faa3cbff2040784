import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inspectOnnx } from './inspect.ts';
import { floats, graphOf, integers, modelOf, type TestGraph } from './testing/graph.ts';
import { categoryTable, linearClassifier, linearRegressor } from './testing/models.ts';

const identity: TestGraph = {
  nodes: [{ type: 'Identity', inputs: ['x'], outputs: ['y'] }],
  inputs: [{ name: 'x', type: 'float32', shape: ['N', 1] }],
  outputs: [{ name: 'y', type: 'float32', shape: ['N', 1] }],
};
const withNode = (type: string, domain = '', attributes = {}): Uint8Array =>
  modelOf({ ...identity, nodes: [{ type, domain, inputs: ['x'], outputs: ['y'], attributes }] });

const codeOf = (bytes: Uint8Array): string => {
  const found = inspectOnnx(bytes);
  return found.ok ? 'ok' : found.rejection.code;
};
const messageOf = (bytes: Uint8Array): string => {
  const found = inspectOnnx(bytes);
  return found.ok ? '' : found.rejection.message;
};

describe('what a model says of itself', () => {
  test('inputs, outputs and versions are read', () => {
    expect(inspectOnnx(linearClassifier({ weights: [1, -1], biases: [0, 0], labels: ['a', 'b'] }))).toEqual({
      ok: true,
      inputs: [{ name: 'x', elementType: 'float32', isTensor: true, shape: ['N', 1] }],
      outputs: [
        { name: 'probabilities', elementType: 'float32', isTensor: true, shape: ['N', 2] },
        { name: 'label', elementType: 'string', isTensor: true, shape: ['N'] },
      ],
      opset: 17,
      mlOpset: 3,
      irVersion: 8,
    });
  });

  test('an input with an initialiser is not listed, for nobody can feed it', () => {
    const bytes = modelOf({
      ...identity,
      inputs: [...identity.inputs, { name: 'w', type: 'float32', shape: [1] }],
      initializers: [floats('w', [1], [2])],
    });
    expect(inspectOnnx(bytes)).toMatchObject({ ok: true, inputs: [{ name: 'x' }] });
  });

  test('outputs that are no tensors are told apart', () => {
    const bytes = modelOf(identity, (model) => {
      model.graph?.output?.push({ name: 'z', type: { sequenceType: { elemType: { tensorType: { elemType: 1 } } } } });
    });
    expect(inspectOnnx(bytes)).toMatchObject({
      ok: true,
      outputs: [{ isTensor: true }, { name: 'z', isTensor: false }],
    });
  });
});

describe('operators', () => {
  test.each([
    ['Loop', ''],
    ['Scan', ''],
    ['SequenceMap', ''],
    ['RandomUniformLike', ''],
    ['SimplifiedLayerNormalization', ''],
    ['FusedMatMul', 'com.microsoft'],
    ['PyOp', 'ai.onnx.contrib'],
    ['Relu', 'ai.onnx.ml'],
  ])('%s of domain "%s" is refused', (type, domain) => {
    expect(codeOf(withNode(type, domain))).toBe('operator_not_allowed');
    expect(messageOf(withNode(type, domain))).toContain(type);
  });

  test('an operator inside a branch of If is checked too', () => {
    const branch = graphOf({ ...identity, inputs: [], nodes: [{ type: 'Loop', inputs: ['x'], outputs: ['y'] }] });
    expect(codeOf(withNode('If', '', { then_branch: { graph: branch } }))).toBe('operator_not_allowed');
  });

  test('If may nest, but not without end', () => {
    const nested = (depth: number): Uint8Array => {
      let graph = graphOf(identity);
      for (let level = 0; level < depth; level += 1) {
        graph = graphOf({
          ...identity,
          nodes: [{ type: 'If', inputs: ['x'], outputs: ['y'], attributes: { then_branch: { graph } } }],
        });
      }
      return modelOf(identity, (model) => {
        model.graph = graph;
      });
    };
    expect(codeOf(nested(8))).toBe('ok');
    expect(codeOf(nested(9))).toBe('operator_not_allowed');
  });

  test('Dropout is taken for inference and refused with a training switch', () => {
    const dropout = (inputs: string[]) =>
      modelOf({ ...identity, nodes: [{ type: 'Dropout', inputs, outputs: ['y'] }] });
    expect(codeOf(dropout(['x', 'ratio']))).toBe('ok');
    expect(codeOf(dropout(['x', 'ratio', 'training']))).toBe('operator_not_allowed');
  });

  test('local functions are refused', () => {
    // ModelProto.functions is field 25, which the schema of the test library does not know.
    const plain = modelOf(identity);
    const bytes = new Uint8Array([...plain, ((25 << 3) % 128) | 2 | 0x80, 1, 0]);
    expect(codeOf(bytes)).toBe('operator_not_allowed');
  });

  test.each([
    ['IR version 11', (model: { irVersion?: unknown }) => Object.assign(model, { irVersion: 11 })],
    ['opset 23', (model: object) => Object.assign(model, { opsetImport: [{ domain: '', version: 23 }] })],
    [
      'ai.onnx.ml opset 6',
      (model: object) => Object.assign(model, { opsetImport: [{ domain: 'ai.onnx.ml', version: 6 }] }),
    ],
  ])('%s is refused by name', (name, change) => {
    expect(messageOf(modelOf(identity, change))).toContain(name);
  });
});

describe('data', () => {
  const withInitializer = (tensor: object): Uint8Array => modelOf({ ...identity, initializers: [tensor] });

  test('external data is refused in initialisers and attributes', () => {
    const external = { ...floats('w', [1], [1]), rawData: new Uint8Array(), dataLocation: 1 };
    expect(codeOf(withInitializer(external))).toBe('external_data_not_allowed');
    expect(codeOf(withNode('Constant', '', { value: external }))).toBe('external_data_not_allowed');
    const named = { ...floats('w', [1], [1]), externalData: [{ key: 'location', value: '/etc/passwd' }] };
    expect(codeOf(withInitializer(named))).toBe('external_data_not_allowed');
  });

  test('a tensor that claims more values than it holds is refused', () => {
    expect(codeOf(withInitializer(integers('w', [1_000_000, 1_000_000], [1, 2])))).toBe('model_unreadable');
  });

  test('a model above the size limit is refused', () => {
    const bytes = linearRegressor({ slope: 1, offset: 0 });
    expect(inspectOnnx(bytes, { bytesMax: bytes.length - 1 })).toMatchObject({
      rejection: { code: 'model_too_large' },
    });
    expect(inspectOnnx(bytes, { bytesMax: bytes.length })).toMatchObject({ ok: true });
  });
});

describe('broken bytes', () => {
  test('empty, garbage, and ORT-format files are refused', () => {
    expect(codeOf(new Uint8Array())).toBe('model_unreadable');
    expect(codeOf(new TextEncoder().encode('not a model at all'))).toBe('model_unreadable');
    expect(codeOf(Buffer.from('\x08\x00\x00\x00ORTM\x00\x00', 'latin1'))).toBe('model_unreadable');
  });

  test('every cut of a model is refused or read, never an exception', () => {
    const whole = categoryTable({
      input: 'c',
      categories: ['a'],
      probabilities: [
        [1, 0],
        [0, 1],
      ],
    });
    for (let end = 0; end < whole.length; end += 1) expect(() => inspectOnnx(whole.subarray(0, end))).not.toThrow();
    expect(codeOf(whole)).toBe('ok');
  });

  test('random changes of a model never make an exception', () => {
    const whole = linearClassifier({ weights: [1, -1], biases: [0, 0], labels: ['a', 'b'] });
    const edits = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(edits, (changes) => {
        const bytes = Uint8Array.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        expect(typeof inspectOnnx(bytes).ok).toBe('boolean');
      }),
    );
  });
});
