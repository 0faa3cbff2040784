import type { ChatRow, ChatTurn, PreferenceRow, TextClassRow } from '@agon/contracts';
import { shown } from '@agon/domain';
import { cleanText } from './clean-text.ts';
import type { RowNote } from './normalise-turns.ts';
import { RowFault } from './row-fault.ts';

/** A row as parts have it, its keys in the order of canonical JSON. */
export type TextRow = ChatRow | PreferenceRow | TextClassRow;

/** The text in a column of the row that is read; empty where the column is null or not there. */
export type CellOf = (column: string | null) => string;

export type ReadRow<Row extends TextRow = TextRow> = { readonly row: Row; readonly notes: ReadonlySet<RowNote> };

/** Puts the text of a `system` column before the turns, unless they begin with a system turn of their own. */
export function withSystem(turns: readonly ChatTurn[], system: string): ChatTurn[] {
  const content = cleanText(system);
  if (content === '' || turns[0]?.role === 'system') return [...turns];
  return [{ content, role: 'system' }, ...turns];
}

/** @throws RowFault for an empty text. */
export function refuseEmpty(text: string, place: { code: string; column: string }): string {
  if (text !== '') return text;
  throw new RowFault(place.code, `has no text in ${shown(place.column)}`, place.column);
}
