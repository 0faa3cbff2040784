import type { ColumnSummary, DatasetNote } from '@agon/contracts';
import { counted, quoted } from './say.ts';

/** From this share of different values on, a column of words tells rows apart and teaches nothing. */
const idShareMin = 0.95;
/** `1,5`, `1.234,50`, `$3`, `12 %`: numbers as people write them. */
const paintedNumber = /^[-+]?[$€£]?\s?[-+]?\d[\d.,' ]*\s?[%$€£]?$/;

/** What strikes the eye about the features, for the client to mend or to leave. */
export function columnNotes(columns: readonly ColumnSummary[], rows: number): DatasetNote[] {
  return columns
    .filter(({ role, kind }) => role === 'feature' && kind !== 'number')
    .flatMap((column) => noteOf(column, rows));
}

function noteOf({ name, kind, missing, distinct, examples }: ColumnSummary, rows: number): DatasetNote[] {
  const note = (code: string, message: string) => [
    { code, column: name, message: `Column ${quoted(name)} ${message}.` },
  ];
  const example = quoted(examples[0] ?? '');
  const hasPainted = examples.length > 0 && examples.every((text) => paintedNumber.test(text) && !/^0\d/.test(text));
  if (hasPainted && examples.some((text) => /[,%$€£' ]/.test(text))) {
    return note(
      'numbers_as_text',
      `holds numbers such as ${example} that are not plain decimals, and is taken for words; write 1234.5`,
    );
  }
  const allDiffer = distinct >= idShareMin * (rows - missing) && missing < rows / 2;
  if (allDiffer && examples.every((text) => !/\s/.test(text))) {
    return note(
      'column_looks_like_id',
      `has a value of its own in nearly every row, such as ${example}; name it in \`ignore_columns\` if it is an id`,
    );
  }
  if (kind !== 'text') return [];
  return note('column_text', `is free text (about ${counted(distinct)} different values)`);
}
