import { limits } from '@agon/contracts';
import { plural } from '@agon/domain';
import { readChatRow } from './read-chat-row.ts';
import { classRowReader } from './read-class-row.ts';
import { readPreferenceRow } from './read-preference-row.ts';
import { RowFault } from './row-fault.ts';
import type { CellOf, ReadRow, TextRow } from './row-parts.ts';
import type { TextLayout } from './text-layout.ts';

/** `stratum` is the class index, 0 where there are no classes. */
export type KeptTextRow = ReadRow & { readonly stratum: number; readonly characters: number };

/**
 * Makes the function that reads the rows of a layout.
 *
 * @throws RowFault (the function) for a row that cannot be used.
 */
export function rowReader(layout: TextLayout): (cell: CellOf) => KeptTextRow | 'without_target' | 'empty' {
  const read = readerOf(layout);
  return (cell) => {
    const found = read(cell);
    if (typeof found === 'string') return found;
    const characters = charactersOf(found.row);
    if (characters <= limits.textRowCharactersMax) return { stratum: 0, ...found, characters };
    const most = limits.textRowCharactersMax.toLocaleString('en');
    throw new RowFault('row_too_long', `has texts of ${plural(characters, 'character')}; the limit is ${most}`);
  };
}

function readerOf(layout: TextLayout): (cell: CellOf) => (ReadRow & { stratum?: number }) | 'without_target' | 'empty' {
  if (layout.task === 'chat') return (cell) => readChatRow(layout, cell);
  if (layout.task === 'preference') return (cell) => readPreferenceRow(layout, cell);
  return classRowReader(layout);
}

function charactersOf(row: TextRow): number {
  if ('text' in row) return row.text.length;
  const turns = 'messages' in row ? row.messages : row.prompt;
  const answers = 'messages' in row ? 0 : row.chosen.length + row.rejected.length;
  return turns.reduce((sum, { content }) => sum + content.length, answers);
}
