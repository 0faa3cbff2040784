import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ModelFault } from '../model-fault.ts';
import { tinyBert, tinyLlama } from '../testing/tiny-models.ts';
import { familyTable } from './family-table.ts';
import { parseConfig } from './read-config.ts';

test('an unknown architecture is refused with the list of known ones', () => {
  const parsing = () => parseConfig({ architectures: ['GPT2LMHeadModel'] });
  expect(parsing).toThrow(/GPT2LMHeadModel.*LlamaForCausalLM, MistralForCausalLM.*RobertaForSequenceClassification/);
});

test('rotary scaling is read as transformers 4 and 5 write it', () => {
  const llama3 = { factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 64 };
  const before = { ...tinyLlama, rope_theta: 500, rope_scaling: { ...llama3, rope_type: 'llama3' } };
  const after = { ...tinyLlama, rope_parameters: { ...llama3, rope_type: 'llama3', rope_theta: 500 } };
  expect(parseConfig(after)).toEqual(parseConfig(before));
  expect(parseConfig(after)).toMatchObject({ rotary: { theta: 500, scaling: { kind: 'llama3', factor: 8 } } });
});

test.each([
  ['rotary scaling that is not known', { rope_scaling: { rope_type: 'yarn', factor: 4 } }, /"yarn"/],
  ['llama3 scaling without its fields', { rope_scaling: { rope_type: 'llama3', factor: 4 } }, /llama3/],
  ['rotation of a part of each head', { partial_rotary_factor: 0.5 }, /partial_rotary_factor/],
  ['another activation', { hidden_act: 'relu2' }, /relu2/],
  ['quantised weights', { quantization_config: { bits: 4 } }, /quantised/],
  ['heads that do not divide', { num_attention_heads: 3, num_key_value_heads: 2 }, /3 query heads/],
  ['heads of an odd size', { head_dim: 7 }, /7 numbers/],
])('a configuration with %s is refused', (_, change, reason) => {
  expect(() => parseConfig({ ...tinyLlama, ...change })).toThrow(ModelFault);
  expect(() => parseConfig({ ...tinyLlama, ...change })).toThrow(reason);
});

test('any change of a configuration is read or refused', () => {
  const keys = [...Object.keys(tinyLlama), ...Object.keys(tinyBert), 'rope_scaling', 'sliding_window', 'layer_types'];
  const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(0, -1, 1e9, 1.5, 2 ** 60, null, [], {}, true));
  const base = fc.constantFrom<Record<string, unknown>>(tinyLlama, tinyBert);
  const architecture = fc.constantFrom(...Object.keys(familyTable));
  const change = fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 3 });
  fc.assert(
    fc.property(base, architecture, change, (raw, name, changes) => {
      try {
        const config = parseConfig({ ...raw, architectures: [name], ...changes });
        expect(Number.isSafeInteger(config.vocabulary * config.hidden)).toBe(true);
      } catch (error) {
        if (!(error instanceof ModelFault)) throw error;
      }
    }),
    { numRuns: 1_000 },
  );
});
