import proto from 'onnx-proto';
import { expect, test } from 'vitest';
import { GraphBuilder } from './graph-builder.ts';

const tensor = {
  name: 'a',
  type: 'F32',
  shape: [4, 3],
  file: '/models/base/model.safetensors',
  offset: 101,
  bytes: 48,
} as const;

const initialisers = (builder: GraphBuilder) => proto.onnx.ModelProto.decode(builder.bytes()).graph?.initializer ?? [];

test('a weight is external data that points into its file', () => {
  const builder = new GraphBuilder('/models');
  builder.weight(tensor);
  builder.weight(tensor, { start: 1, rows: 2 });
  const entries = initialisers(builder).map((each) => each.externalData?.map(({ key, value }) => `${key} ${value}`));
  expect(entries).toEqual([
    ['location base/model.safetensors', 'offset 101', 'length 48'],
    ['location base/model.safetensors', 'offset 113', 'length 24'],
  ]);
});

test('a weight that is used twice is one initialiser', () => {
  const builder = new GraphBuilder('/models');
  expect(builder.weight(tensor)).toBe(builder.weight(tensor));
  expect(initialisers(builder)).toHaveLength(1);
});

test('weights outside the folder of the graph are refused', () => {
  expect(() => new GraphBuilder('/models/other').weight(tensor)).toThrow(RangeError);
});
