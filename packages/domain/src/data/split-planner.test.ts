import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { partOf } from './plan-split.ts';
import { prefixOf, rowKey, rowKeyMaker, splitCommitment } from './row-key.ts';
import { SplitPlanner } from './split-planner.ts';

const secret = 'ab'.repeat(32);

test('a row key is the HMAC of the JSON of its cells', () => {
  const wanted = createHmac('sha256', Buffer.from(secret, 'hex')).update('["1","ü",""]').digest('hex');
  expect(Buffer.from(rowKey(secret, ['1', 'ü', ''])).toString('hex')).toBe(wanted);
  expect(() => rowKey('short', [])).toThrow(RangeError);
});

test('other cells give another key', () => {
  const cells = fc.array(fc.string(), { maxLength: 4 });
  fc.assert(
    fc.property(cells, cells, (left, right) => {
      const same = JSON.stringify(left) === JSON.stringify(right);
      expect(Buffer.compare(rowKey(secret, left), rowKey(secret, right)) === 0).toBe(same);
    }),
  );
});

const classes = 3;
type Row = { value: string; stratum: number };
/** Rows in which repetitions are common. A value decides the stratum, as a row's target is in its key. */
const rows: fc.Arbitrary<Row[]> = fc
  .array(fc.nat(400), { minLength: 300, maxLength: 1_500 })
  .map((values) => values.map((value) => ({ value: String(value), stratum: value % classes })));

const plannerOf = (list: readonly Row[]): SplitPlanner => {
  const planner = new SplitPlanner();
  const keyOf = rowKeyMaker(secret);
  for (const row of list) planner.add(keyOf([row.value]), row.stratum);
  return planner;
};

test('every value is kept once, at its first row, and falls into one part', () => {
  fc.assert(
    fc.property(rows, (list) => {
      const planner = plannerOf(list);
      const seen = new Set<string>();
      for (const [ordinal, row] of list.entries()) {
        expect(planner.isDuplicate(ordinal)).toBe(seen.has(row.value));
        seen.add(row.value);
      }
      expect([planner.rows, planner.duplicates]).toEqual([seen.size, list.length - seen.size]);
    }),
    { numRuns: 30 },
  );
});

test('the plan does not depend on the order of the rows or on how often one is repeated', () => {
  fc.assert(
    fc.property(rows, (list) => {
      const plan = plannerOf(list).plan(classes);
      expect(plannerOf([...list.toReversed(), ...list]).plan(classes)).toEqual(plan);
    }),
    { numRuns: 30 },
  );
});

test('another secret draws another split of the same sizes', () => {
  const values = Array.from({ length: 1_000 }, (_, index) => [String(index)]);
  const hiddenBy = (by: string): { parts: object; hidden: Set<string> } => {
    const planner = new SplitPlanner();
    const keyOf = rowKeyMaker(by);
    for (const cells of values) planner.add(keyOf(cells), 0);
    const plan = planner.plan(1);
    const hidden = values.filter((cells) => partOf(plan, { prefix: prefixOf(keyOf(cells)), stratum: 0 }) !== 'train');
    return { parts: plan.parts, hidden: new Set(hidden.map(String)) };
  };
  const [one, other] = [hiddenBy(secret), hiddenBy('cd'.repeat(32))];
  expect(one.parts).toEqual(other.parts);
  // 200 of 1,000 are hidden, so by chance about 40 are hidden by both.
  expect([...one.hidden].filter((value) => other.hidden.has(value)).length).toBeLessThan(80);
});

test('the commitment is the hash of its documented bytes, whatever the order of the keys', () => {
  const keys = Array.from({ length: 6 }, (_, index) => createHash('sha256').update(String(index)).digest());
  const sorted = (list: readonly Buffer[]): Buffer => Buffer.concat(list.toSorted(Buffer.compare));
  const bytes = Buffer.concat([
    Buffer.from('agon-split-1'),
    Buffer.from(secret, 'hex'),
    Buffer.from([0, 0, 0, 4]),
    sorted(keys.slice(0, 4)),
    Buffer.from([0, 0, 0, 2]),
    sorted(keys.slice(4)),
  ]);
  const parts = { selection: keys.slice(0, 4), report: keys.slice(4) };
  const turned = { selection: parts.selection.toReversed(), report: parts.report.toReversed() };
  expect(splitCommitment(secret, parts)).toBe(createHash('sha256').update(bytes).digest('hex'));
  expect(splitCommitment(secret, turned)).toBe(splitCommitment(secret, parts));
  expect(splitCommitment(secret, { selection: parts.report, report: parts.selection })).not.toBe(
    splitCommitment(secret, parts),
  );
  expect(splitCommitment('cd'.repeat(32), parts)).not.toBe(splitCommitment(secret, parts));
});
