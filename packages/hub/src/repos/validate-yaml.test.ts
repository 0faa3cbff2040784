import { describe, expect, test } from 'vitest';
import { readCardData } from './card-data.ts';
import { checkCard } from './validate-yaml.ts';

const card = (...lines: string[]): string => ['---', ...lines, '---', '# A model', ''].join('\n');

describe('the metadata of a card', () => {
  test('is read from its beginning only', () => {
    expect(readCardData(card('license: mit'))).toEqual({ ok: true, data: { license: 'mit' } });
    expect(readCardData('# A model\n---\nlicense: mit\n---\n')).toEqual({ ok: true, data: undefined });
    expect(readCardData(card(''))).toEqual({ ok: true, data: undefined });
  });

  test('may be left out', () => {
    expect(checkCard('# A model')).toEqual({ errors: [], warnings: [{ message: expect.any(String) }] });
  });

  test('is right with what other software reads', () => {
    const index = [
      'model-index:',
      '- name: m',
      '  results:',
      '  - task: {type: t}',
      '    metrics: [{type: acc, value: 1}]',
    ];
    expect(checkCard(card('base_model: a/b', 'base_model_relation: adapter', ...index))).toEqual({
      errors: [],
      warnings: [],
    });
  });

  test.each([
    ['no YAML', card('a: [')],
    ['a list', card('- a')],
    ['an unknown relation', card('base_model_relation: cousin')],
    ['a result without a metric', card('model-index: [{name: m, results: [{task: {type: t}}]}]')],
    ['many aliases', card('a: &a [x]', `b: [${'*a,'.repeat(200)}]`)],
  ])('is wrong with %s', (_, text) => {
    expect(checkCard(text).errors).not.toEqual([]);
  });
});
