import type { DatasetNote } from '@agon/contracts';
import { plural } from '@agon/domain';
import { counted } from '../say.ts';
import type { RowNote } from './normalise-turns.ts';
import { mainColumn, type TextLayout } from './text-layout.ts';
import type { TextTally } from './text-tally.ts';

/** From this share of texts that hold their own label on, the answer is in the question. */
const labelInTextShareMin = 0.95;

const mended: Record<RowNote, string> = {
  turns_merged: 'turns of one role in a row, which were made one turn',
  first_answer_dropped: 'an answer before the first question, which was dropped',
  last_question_dropped: 'turns behind the last answer to learn, which were dropped',
  answers_not_learnt: 'answers of weight 0, which are read and not learnt',
};

/** What was mended and what strikes the eye about the texts. */
export function textNotes(layout: TextLayout, tally: TextTally): DatasetNote[] {
  const column = mainColumn(layout);
  const notes: DatasetNote[] = [...tally.notes].map(([code, { rows, firstRow }]) => {
    const verb = rows === 1 ? 'has' : 'have';
    const where =
      rows === 1 ? `Row ${counted(firstRow)}` : `${counted(rows)} rows, the first row ${counted(firstRow)},`;
    return { code, column, message: `${where} ${verb} ${mended[code]}.` };
  });
  if (layout.task === 'text-classification') notes.push(...classNotes(layout, tally));
  notes.push({ code: 'text_statistics', column, message: statisticsOf(layout, tally) });
  return notes;
}

function classNotes(layout: TextLayout & { task: 'text-classification' }, tally: TextTally): DatasetNote[] {
  const notes: DatasetNote[] = [];
  if (tally.labelInText >= labelInTextShareMin * tally.kept) {
    const message = `${counted(tally.labelInText)} of ${plural(tally.kept, 'text')} hold the name of their class; if it was not there when the text was written, the answer is in the question.`;
    notes.push({ code: 'label_in_text', column: layout.text, message });
  }
  if (tally.textsOfTwoClasses > 0) {
    const verb = tally.textsOfTwoClasses === 1 ? 'repeats' : 'repeat';
    const message = `${plural(tally.textsOfTwoClasses, 'row')} ${verb} a text with another class; no model can be right about both.`;
    notes.push({ code: 'texts_of_two_classes', column: layout.text, message });
  }
  return notes;
}

function statisticsOf(layout: TextLayout, tally: TextTally): string {
  const mean = (sum: number): string => counted(Math.round(sum / tally.kept));
  const { row, characters } = tally.longest;
  const longest = `the longest, row ${counted(row)}, has ${counted(characters)}`;
  if (layout.task === 'text-classification')
    return `Texts have ${mean(tally.characters)} characters on average; ${longest}.`;
  const answers = `${mean(tally.answerCharacters)} of them in ${layout.task === 'chat' ? 'answers' : 'an answer'}`;
  const turns = layout.task === 'chat' ? `${(tally.turns / tally.kept).toFixed(1)} turns and ` : '';
  return `Rows have ${turns}${mean(tally.characters)} characters on average, ${answers}; ${longest}.`;
}
