import type { TextClassRow } from '@agon/contracts';
import { normaliseCell } from '@agon/domain';
import { cleanText } from './clean-text.ts';
import type { CellOf, ReadRow } from './row-parts.ts';
import type { TextLayout } from './text-layout.ts';

/** Makes the function that reads a text with its class; a row without either is dropped. */
export function classRowReader(
  layout: TextLayout & { task: 'text-classification' },
): (cell: CellOf) => (ReadRow<TextClassRow> & { stratum: number }) | 'without_target' | 'empty' {
  const strata = new Map(layout.classes.map((name, index) => [name, index]));
  return (cell) => {
    const label = normaliseCell(cell(layout.target), layout.targetKind);
    const stratum = strata.get(label);
    if (stratum === undefined) return 'without_target';
    const text = cleanText(cell(layout.text));
    if (text === '') return 'empty';
    return { row: { label, text }, notes: new Set(), stratum };
  };
}
