/**
 * Cells travel as text. `''` is the missing value everywhere: in the parts that trainers get, in ONNX string inputs, and
 * in row keys.
 */

/** Never a value, whatever the kind of the column: what programs write for nothing. */
const missingEverywhere = new Set(['', 'nan', 'null']);
/** What people write for nothing: missing in columns of numbers, but an answer of its own in columns of strings. */
const missingInNumbers = new Set(['na', 'n/a', 'none', '?', '-']);

const decimalForm = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const leadingZeroForm = /^[+-]?0\d/;
/** Numbers that stand in their shortest form already: at most 15 digits, no zeros to drop, no exponent. */
const shortestForm = /^-?(?:[1-9]\d{0,14}|(?:0|[1-9]\d{0,7})\.\d{0,5}[1-9])$/;
const zeroCode = 48;
const nineCode = 57;
const questionCode = 63;
const capitalNCode = 78;
const nCode = 110;
/** Models take numbers as float32. */
const float32Max = 3.4028234663852886e38;

/** The text of a cell that came as a JSON or Parquet value. */
export function textOfValue(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '';
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '' : value.toISOString();
  if (typeof value === 'object') {
    return JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? item.toString() : item));
  }
  return String(value);
}

/**
 * What kind of thing a trimmed cell is:
 * - `missing`: empty, `NaN`, `null` in any case;
 * - `marker`: `NA`, `N/A`, `None`, `?`, `-` in any case: missing among numbers, a value among strings (`NA` may be
 *   Namibia, `none` an answer);
 * - `number`: a plain decimal number (also `1e-3`; not hex, not infinite, not beyond float32);
 * - `code`: digits with leading zeros, such as ZIP codes: they make the column a category;
 * - `string`: all else, with booleans and dates.
 */
export type CellClass = 'missing' | 'marker' | 'number' | 'code' | 'string';

export function classOfCell(trimmed: string): CellClass {
  const first = trimmed.charCodeAt(0);
  // The first character decides for most cells: this runs for every cell of a dataset, twice.
  if (first > nineCode && first !== nCode && first !== capitalNCode && first !== questionCode) return 'string';
  if (!(first >= zeroCode && first <= nineCode) && trimmed.length <= 4) {
    const small = trimmed.toLowerCase();
    if (missingEverywhere.has(small)) return 'missing';
    if (missingInNumbers.has(small)) return 'marker';
  }
  if (!decimalForm.test(trimmed)) return 'string';
  if (leadingZeroForm.test(trimmed)) return 'code';
  return Math.abs(Number(trimmed)) <= float32Max ? 'number' : 'string';
}

/** The number in a cell, or undefined where it has none. */
export function numberOf(text: string): number | undefined {
  const trimmed = text.trim();
  return classOfCell(trimmed) === 'number' ? Number(trimmed) : undefined;
}

/**
 * One spelling for one value: numbers in the shortest decimal form that reads back the same (so `1.0` is `1`), strings
 * without white space around them, and `''` for missing. In a column of numbers, whatever is not a number is missing.
 */
export function normaliseCell(text: string, kind: 'number' | 'category' | 'text'): string {
  if (kind === 'number' && shortestForm.test(text)) return text;
  const trimmed = text.trim();
  const cellClass = classOfCell(trimmed);
  if (kind === 'number') return cellClass === 'number' ? String(Number(trimmed) + 0) : '';
  return cellClass === 'missing' ? '' : trimmed;
}
