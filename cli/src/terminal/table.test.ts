import { expect, test } from 'vitest';
import { formatBytes, formatNumber, formatScore, formatSeconds, renderTable } from './table.ts';

test('columns line up, numbers to the right, colours take no room', () => {
  const text = renderTable(
    ['name', 'runs'],
    [
      ['\u001b[32manna\u001b[39m', 3],
      ['bo', 12],
      [null, 0],
    ],
  );
  expect(text.split('\n')).toEqual(['name  runs', '\u001b[32manna\u001b[39m     3', 'bo      12', '–        0']);
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_500, '1.5 kB'],
  [11_200_000, '11.2 MB'],
])('%i bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [12, '12 s'],
  [200, '3 min 20 s'],
  [7_500, '2 h 05 min'],
  [-4, '0 s'],
])('%i seconds are %s', (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text);
});

test('a score shows its interval, and nothing where there is none', () => {
  expect(formatScore({ value: 0.123456, ci95: [0.1, 0.2] })).toBe('0.12346 [0.1, 0.2]');
  expect([formatScore(null), formatNumber(undefined)]).toEqual(['–', '–']);
});
