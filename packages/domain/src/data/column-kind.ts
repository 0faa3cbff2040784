import type { ColumnKind } from '@agon/contracts';
import type { ColumnTally } from './column-tally.ts';

/** From this share of numbers among the values on, the rest are slips of the pen and the column is of numbers. */
export const numberShareMin = 0.99;
const textCharactersMin = 40;
const textDistinctMin = 1_000;
const textDistinctShareMin = 0.5;

/**
 * What a column holds:
 * - `empty`: nothing but missing values and markers of them;
 * - `number`: at least 99 % of the values are decimal numbers and none has leading zeros;
 * - `text`: strings of more than 40 characters on average, or more than 1,000 different ones that are more than half of
 *   the rows;
 * - `category`: every other column of strings, with booleans, dates, codes and mixtures.
 */
export function kindOf(tally: ColumnTally): ColumnKind {
  const values = tally.numbers + tally.codes + tally.strings;
  if (values === 0) return 'empty';
  if (tally.codes === 0 && tally.numbers >= numberShareMin * values) return 'number';
  const meanCharacters = tally.characters / (values + tally.markers);
  const varied = tally.distinct > textDistinctMin && tally.distinct > textDistinctShareMin * values;
  return meanCharacters > textCharactersMin || varied ? 'text' : 'category';
}

/** Cells that count as missing once the kind is known. */
export function missingOf(tally: ColumnTally, kind: ColumnKind): number {
  if (kind === 'number') return tally.missing + tally.markers + tally.strings;
  return kind === 'empty' ? tally.missing + tally.markers : tally.missing;
}

/** Distinct values once the kind is known. */
export function distinctOf(tally: ColumnTally, kind: ColumnKind): number {
  return kind === 'category' || kind === 'text' ? tally.distinct + tally.distinctMarkers : tally.distinct;
}
