import { describe, expect, test } from 'vitest';
import {
  accepted,
  csvOf,
  plainHeader,
  plainLines,
  plainRows,
  plainText,
  refused,
  sourceOf,
} from './testing/sources.ts';

describe('what cannot be learnt is refused with a code and a sentence', () => {
  test('a missing target: the columns and the nearest name', async () => {
    const refusal = await refused(sourceOf(csvOf(plainHeader, plainRows(150))), { target: 'lable' });
    expect(refusal.error.code).toBe('target_missing');
    expect(refusal.error.message).toMatch(/"lable".*Did you mean "label".*"id", "size", "colour", "label"/);
  });

  test('a missing target in JSON Lines', async () => {
    const refusal = await refused(sourceOf('{"a": 1, "b": 2}\n'.repeat(200)), { target: 'c' });
    expect(refusal.error.code).toBe('target_missing');
  });

  test('a file of one column, whose delimiter is guessed', async () => {
    const refusal = await refused(sourceOf('id:size:label\n1:2:yes\n3:4:no\n'));
    expect(refusal.error.code).toBe('target_missing');
    expect(refusal.error.message).toMatch(/single column, "id:size:label".*":" divides/);
  });

  test('a file without a header', async () => {
    const refusal = await refused(sourceOf('5.1,3.5,1.4,0.2,setosa\n4.9,3.0,1.4,0.2,setosa\n'), { target: 'species' });
    expect(refusal.error.code).toBe('target_missing');
    expect(refusal.error.message).toMatch(/looks like data; put a header/);
  });

  test('a constant target, one class, an empty target', async () => {
    const constant = await refused(
      sourceOf(plainText(plainLines(150).map((line) => line.replace(/(yes|no)$/, 'yes')))),
    );
    expect(constant.error).toMatchObject({ code: 'target_unsuitable', message: expect.stringContaining('"yes"') });
    const number = plainRows(150).map(([id, , colour, yes]) => [id, '5', colour, yes].join(','));
    const wish = { target: 'size', task: 'tabular-regression' } as const;
    expect((await refused(sourceOf(plainText(number)), wish)).error.code).toBe('target_unsuitable');
    const none = await refused(sourceOf(plainText(plainLines(150).map((line) => line.replace(/(yes|no)$/, '')))));
    expect(none.error).toMatchObject({ code: 'target_unsuitable', message: expect.stringContaining('no value') });
  });

  test('a class with one row is dropped with a note that names the row', async () => {
    const { report, table } = await accepted(sourceOf(plainText([...plainLines(150), '151,3,red,perhaps'])));
    expect(table.classes).toEqual(['no', 'yes']);
    expect(report.rows_dropped.without_target).toBe(1);
    expect(report.notes).toMatchObject([{ code: 'rare_classes_dropped', message: expect.stringContaining('row 151') }]);
  });

  test('a class whose rows are all the same, beside one other class', async () => {
    const same = Array.from({ length: 60 }, (_, row) => `${200 + row},7,red,no`);
    const yes = plainLines(300).filter((line) => line.endsWith('yes'));
    const refusal = await refused(sourceOf(plainText([...yes, ...same])));
    expect(refusal.error).toMatchObject({ code: 'target_unsuitable', message: expect.stringContaining('"no"') });
  });

  test('many classes with one row', async () => {
    const lines = plainLines(150).map((line, index) =>
      index < 30 ? line.replace(/(yes|no)$/, `class ${index}`) : line,
    );
    const refusal = await refused(sourceOf(plainText(lines)));
    expect(refusal.error.code).toBe('target_unsuitable');
    expect(refusal.problems[0]).toMatchObject({ row: 1, column: 'label' });
  });

  test('a column without values is left out with a note', async () => {
    const { report, table } = await accepted(
      sourceOf(plainText(plainLines(150).map((line) => line.replace(/,(red|green|blue),/, ',,')))),
    );
    expect(table.columns.map(({ name }) => name)).toEqual(['size']);
    expect(report.notes).toMatchObject([{ code: 'column_empty', column: 'colour' }]);
  });

  test('a file whose features have no values', async () => {
    const refusal = await refused(sourceOf(`x,label\n${',yes\n,no\n'.repeat(100)}`));
    expect(refusal.error.code).toBe('dataset_invalid');
  });

  test('five rows, no rows, and a hundred rows of which two are the same', async () => {
    expect((await refused(sourceOf(plainText(plainLines(5))))).error).toMatchObject({
      code: 'dataset_too_small',
      message: expect.stringMatching(/5 .*at least 100/),
    });
    expect((await refused(sourceOf(`${plainHeader.join(',')}\n`))).error.code).toBe('dataset_too_small');
    const lines = plainLines(99);
    expect((await refused(sourceOf(plainText([...lines, lines[0] ?? ''])))).error).toMatchObject({
      code: 'dataset_too_small',
      message: expect.stringMatching(/99 different rows/),
    });
  });

  test('a column to ignore that is not there', async () => {
    const refusal = await refused(sourceOf(csvOf(plainHeader, plainRows(150))), {
      target: 'label',
      ignoreColumns: ['ID number'],
    });
    expect(refusal.error.message).toMatch(/"ID number"/);
  });

  test('a metric of another task', async () => {
    const wish = { target: 'label', task: 'tabular-classification', metric: 'rmse' } as const;
    expect((await refused(sourceOf(csvOf(plainHeader, plainRows(150))), wish)).error.code).toBe('metric_unsuitable');
  });
});
