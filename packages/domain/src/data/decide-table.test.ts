import type { MetricName, TaskName } from '@agon/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decideTable, type TableDecision } from './decide-table.ts';
import type { DatasetRefusal } from './problem.ts';
import { normaliseRow } from './row-normaliser.ts';
import { TableTally } from './table-tally.ts';

type Asked = { task?: TaskName; metric?: MetricName; ignored?: number[] };

/** Decides on rows of (x, y); y is the target. */
function decide(rows: readonly (readonly string[])[], asked: Asked = {}): TableDecision | DatasetRefusal {
  const names = rows[0]!.map((_, index, row) => (index === row.length - 1 ? 'y' : `x${index}`));
  const tally = new TableTally({ names, target: names.length - 1, ignored: new Set(asked.ignored ?? []) });
  for (const [index, row] of rows.entries()) tally.add(row, index + 1);
  return decideTable({ tally, task: asked.task, metric: asked.metric });
}

const rowsOf = (targets: readonly string[]): string[][] => targets.map((target, index) => [`${index * 1.5}`, target]);
const targets = (count: number, target: (index: number) => string): string[] =>
  Array.from({ length: count }, (_, index) => target(index));
const decideTargets = (list: readonly string[], asked: Asked = {}) => decide(rowsOf(list), asked);

function accepted(decision: TableDecision | DatasetRefusal): TableDecision {
  if (!decision.ok) throw new Error(decision.error.message);
  return decision;
}

describe('the task', () => {
  test.each([
    ['tabular-classification', 'words', (index: number) => (index % 3 === 0 ? 'yes' : 'no')],
    ['tabular-classification', 'few numbers', (index: number) => String(index % 20)],
    ['tabular-classification', 'booleans', (index: number) => String(index % 2 === 0)],
    ['tabular-classification', 'codes from 0 to 49, evenly', (index: number) => String(index % 50)],
    ['tabular-regression', 'many numbers', (index: number) => String(index / 7)],
    ['tabular-regression', 'ages', (index: number) => String(17 + (index % 70))],
    ['tabular-regression', 'counts with a tail', (index: number) => String(index < 1_980 ? index % 15 : index % 40)],
  ])('is %s for %s, and the reason names the target', (task, _, target) => {
    const decision = accepted(decideTargets(targets(2_000, target)));
    expect(decision.task).toBe(task);
    expect(decision.taskInferred).toContain('"y"');
  });

  test('is the one of the metric where that is given', () => {
    const list = targets(200, (index) => String(index % 5));
    expect(accepted(decideTargets(list, { metric: 'rmse' })).task).toBe('tabular-regression');
    expect(accepted(decideTargets(list, { metric: 'f1_macro' })).task).toBe('tabular-classification');
  });

  test('is what the client says, without a reason', () => {
    const decision = accepted(
      decideTargets(
        targets(200, (index) => String(index % 5)),
        { task: 'tabular-regression' },
      ),
    );
    expect([decision.task, decision.taskInferred, decision.table.classes]).toEqual(['tabular-regression', null, null]);
  });

  test('cannot be told from free text', () => {
    const decision = decideTargets(
      targets(2_000, (index) => `customer ${index} wrote that nothing worked as it should`),
    );
    expect(decision).toMatchObject({ ok: false, error: { code: 'task_not_inferable' } });
  });
});

describe('a target of classes', () => {
  test('orders numbers by size and words by their characters', () => {
    const numbers = accepted(decideTargets(targets(120, (index) => ['10', '9.0', '9', '-1'][index % 4]!)));
    expect(numbers.classes).toEqual([
      { name: '-1', rows: 30 },
      { name: '9', rows: 60 },
      { name: '10', rows: 30 },
    ]);
    expect(accepted(decideTargets(targets(120, (index) => ['b', 'B', 'a'][index % 3]!))).table.classes).toEqual([
      'B',
      'a',
      'b',
    ]);
  });

  test('drops a class with one row as a slip, with a note that names its row', () => {
    const list = targets(200, (index) => (index === 41 ? 'setsoa' : index % 2 === 0 ? 'setosa' : 'virginica'));
    const decision = accepted(decideTargets(list));
    expect(decision.table.classes).toEqual(['setosa', 'virginica']);
    expect([decision.rowsUsable, decision.rowsWithoutTarget]).toEqual([199, 1]);
    expect(decision.notes[0]).toMatchObject({ code: 'rare_classes_dropped', column: 'y' });
    expect(decision.notes[0]!.message).toContain('"setsoa" (row 42)');
    expect(normaliseRow(decision.layout, ['1', 'setsoa'])).toEqual({ status: 'without_target' });
  });

  test('is refused where many classes have one row, each named with its row', () => {
    const decision = decideTargets(targets(200, (index) => (index < 5 ? `odd ${index}` : index % 2 === 0 ? 'a' : 'b')));
    expect(decision).toMatchObject({ ok: false, error: { code: 'target_unsuitable' } });
    expect(decision).toHaveProperty('problems.length', 5);
    expect(decision).toHaveProperty('problems.0.row', 1);
  });

  test.each([
    ['one class', targets(200, () => 'a'), 'every row'],
    ['one class and a slip', targets(200, (index) => (index === 3 ? 'b' : 'a')), '"b" (row 4)'],
    ['no value', targets(200, () => ''), 'no value'],
    ['markers only', targets(200, () => 'NA'), 'no value'],
    ['only different values', targets(200, (index) => `id${index}`), 'no class twice'],
    ['too many classes', targets(4_000, (index) => `id${index % 1_900}`), 'more than 1,000'],
  ])('is refused for %s', (_, list, words) => {
    const decision = decideTargets(list, { task: 'tabular-classification' });
    expect(decision).toMatchObject({ ok: false, error: { code: 'target_unsuitable' } });
    expect(decision).toHaveProperty('error.message', expect.stringContaining(words));
  });

  test('of too many numbers is asked about regression', () => {
    const decision = decideTargets(targets(3_000, String), { task: 'tabular-classification' });
    expect(decision).toHaveProperty('error.message', expect.stringContaining('tabular-regression'));
  });

  test('notes classes that differ only in case, and markers that are taken for a class', () => {
    const decision = accepted(decideTargets(targets(200, (index) => ['Yes', 'yes', 'no', '?'][index % 4]!)));
    expect(decision.notes.map(({ code }) => code)).toEqual(['classes_alike', 'class_looks_missing']);
  });

  test('coded by numbers has no class for markers: those rows are unlabelled', () => {
    const decision = accepted(decideTargets(targets(200, (index) => (index % 10 === 0 ? 'NA' : String(index % 2)))));
    expect([decision.table.classes, decision.rowsWithoutTarget, decision.rowsUsable]).toEqual([['0', '1'], 20, 180]);
  });
});

describe('a target of numbers', () => {
  test('with a word in row 90,001 is refused with that row', () => {
    const list = targets(100_000, (index) => (index === 90_000 ? 'twelve' : String(index)));
    const decision = decideTargets(list);
    expect(decision).toMatchObject({
      ok: false,
      error: { code: 'dataset_invalid' },
      problems: [{ row: 90_001, column: 'y', message: '"twelve" is not a decimal number.', count: 1 }],
    });
  });

  test('with words in a tenth of the rows was meant as numbers, and at most 50 rows are listed', () => {
    const decision = decideTargets(targets(2_000, (index) => (index % 10 === 0 ? 'unknown' : String(index))));
    expect(decision).toMatchObject({ ok: false, error: { code: 'dataset_invalid' } });
    expect(decision).toHaveProperty('problems.length', 50);
    expect(decision).toHaveProperty('error.message', expect.stringContaining('200 rows'));
  });

  test('that holds words is asked about classification', () => {
    const decision = decideTargets(
      targets(200, (index) => 'ab'[index % 2]!),
      { task: 'tabular-regression' },
    );
    expect(decision).toMatchObject({ ok: false, error: { code: 'target_unsuitable' } });
    expect(decision).toHaveProperty('error.message', expect.stringContaining('tabular-classification'));
  });

  test('that never changes is refused', () => {
    const decision = decideTargets(
      targets(200, () => '3'),
      { task: 'tabular-regression' },
    );
    expect(decision).toMatchObject({ ok: false, error: { code: 'target_unsuitable' } });
  });

  test('loses rows without a number, and they are counted', () => {
    const list = targets(1_000, (index) =>
      index % 100 === 0 ? ['', 'NA', 'null', '-'][(index / 100) % 4]! : String(index),
    );
    const decision = accepted(decideTargets(list));
    expect([decision.rowsWithoutTarget, decision.rowsUsable]).toEqual([10, 990]);
  });
});

describe('columns', () => {
  const table = (cells: (index: number) => string[], asked: Asked = {}) =>
    decide(
      targets(200, String).map((_, index) => [...cells(index), index % 2 === 0 ? 'a' : 'b']),
      asked,
    );

  test('that are empty or ignored are left out, and their places kept', () => {
    const decision = accepted(table((index) => ['', `${index}.5`, 'id', `w${index % 3}`], { ignored: [2] }));
    expect(decision.table.columns).toEqual([
      { name: 'x1', input: 'x1', kind: 'number' },
      { name: 'x3', input: 'x3', kind: 'category' },
    ]);
    expect(decision.layout.columns.map(({ index }) => index)).toEqual([1, 3]);
    expect(decision.columns.map(({ role }) => role)).toEqual(['ignored', 'feature', 'ignored', 'feature', 'target']);
    expect(decision.columns.map(({ kind }) => kind)).toEqual(['empty', 'number', 'category', 'category', 'category']);
  });

  test('that count the rows, never change, or have a stray word are noted', () => {
    const decision = accepted(table((index) => [String(index + 1), 'same', index === 7 ? 'n.a' : `${index}.25`]));
    expect(decision.notes.map(({ code, column }) => [code, column])).toEqual([
      ['column_counts_rows', 'x0'],
      ['column_constant', 'x1'],
      ['not_numbers', 'x2'],
    ]);
    expect(decision.notes[2]!.message).toContain('"n.a" (row 8)');
  });

  test('must hold something besides the target', () => {
    expect(table(() => [''])).toMatchObject({ ok: false, error: { code: 'dataset_invalid' } });
  });

  test('and too few rows are refused with the minimum', () => {
    const decision = decideTargets(targets(99, (index) => 'ab'[index % 2]!));
    expect(decision).toMatchObject({ ok: false, error: { code: 'dataset_too_small' } });
    expect(decision).toHaveProperty('error.message', expect.stringContaining('100'));
  });

  test('empty rows are counted and dropped', () => {
    const rows = [...rowsOf(targets(200, (index) => 'ab'[index % 2]!)), ['', ' ']];
    const decision = accepted(decide(rows));
    expect([decision.rows, decision.rowsEmpty, decision.rowsUsable]).toEqual([201, 1, 200]);
    expect(normaliseRow(decision.layout, ['', ' '])).toEqual({ status: 'empty' });
  });
});

test('the second reading keeps exactly the rows that the first counted, in known strata', () => {
  const cell = fc.constantFrom('1', '2', '2.0', '', 'NA', 'x', 'null', '007', ' 1 ');
  const row = fc.tuple(cell, fc.constantFrom('a', 'b', 'B', '', '1', '1.0', 'NA', '2', 'rare'));
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 120, maxLength: 200 }),
      fc.constantFrom(undefined, 'tabular-classification', 'tabular-regression'),
      (rows, task) => {
        const decision = decide(rows, task ? { task } : {});
        fc.pre(decision.ok);
        const normalised = rows.map((cells) => normaliseRow(accepted(decision).layout, cells));
        const { rowsUsable, rowsEmpty, rowsWithoutTarget, classes, table } = accepted(decision);
        const countOf = (status: string): number => normalised.filter((item) => item.status === status).length;
        expect([countOf('kept'), countOf('empty'), countOf('without_target')]).toEqual([
          rowsUsable,
          rowsEmpty,
          rowsWithoutTarget,
        ]);
        for (const item of normalised) {
          if (item.status !== 'kept') continue;
          expect(item.cells.length).toBe(table.columns.length);
          if (classes) expect(classes[item.stratum]?.name).toBe(item.target);
          else expect(String(Number(item.target))).toBe(item.target);
        }
      },
    ),
  );
});

test('a decision survives JSON', () => {
  const decision = decideTargets(targets(200, (index) => 'ab'[index % 2]!));
  expect(JSON.parse(JSON.stringify(decision))).toEqual(decision);
});
