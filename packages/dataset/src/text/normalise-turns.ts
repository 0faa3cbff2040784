import type { ChatTurn } from '@agon/contracts';
import { RowFault } from './row-fault.ts';

/** What was mended in a row; a note counts each. */
export type RowNote = 'turns_merged' | 'first_answer_dropped' | 'last_question_dropped' | 'answers_not_learnt';

/**
 * A conversation as chat templates take it: a system turn at most, first; then user and assistant by turns, beginning
 * with the user. Turns of one role in a row become one, an answer before the first question and questions behind the
 * last answer are dropped, and so is an empty system turn; each is noted.
 *
 * @throws RowFault for empty turns and for a system turn further on.
 */
export function normaliseTurns(
  turns: readonly ChatTurn[],
  column: string,
): { turns: ChatTurn[]; notes: ReadonlySet<RowNote> } {
  const notes = new Set<RowNote>();
  const merged: ChatTurn[] = [];
  for (const [index, turn] of turns.entries()) {
    const before = merged.at(-1);
    if (turn.role === 'system' && before !== undefined && before.role !== 'system') {
      throw new RowFault('system_not_first', `has a system turn as turn ${index + 1}; it must be the first`, column);
    }
    if (turn.content === '') {
      if (turn.role === 'system') continue;
      throw new RowFault('empty_turn', `has no text in turn ${index + 1} (${turn.role})`, column);
    }
    if (before?.role === turn.role) {
      notes.add('turns_merged');
      merge(before, turn);
    } else merged.push({ ...turn });
  }
  const start = merged[0]?.role === 'system' ? 1 : 0;
  if (merged[start]?.role === 'assistant' && merged.length > start + 1) {
    notes.add('first_answer_dropped');
    merged.splice(start, 1);
  }
  return { turns: merged, notes };
}

/** What must not be learnt is not learnt as a part of something else either. */
function merge(before: ChatTurn, turn: ChatTurn): void {
  before.content += `\n\n${turn.content}`;
  if (turn.weight === 0) before.weight = 0;
}

/**
 * The same, of a whole conversation, which ends with an answer that is learnt.
 *
 * @throws RowFault for one without a question or an answer, too.
 */
export function normaliseConversation(
  raw: readonly ChatTurn[],
  column: string,
): { turns: ChatTurn[]; notes: ReadonlySet<RowNote> } {
  const { turns, notes } = normaliseTurns(raw, column);
  if (!turns.some(({ role }) => role === 'assistant'))
    throw new RowFault('no_assistant_turn', 'has no turn of the assistant, so there is nothing to learn', column);
  if (!turns.some(({ role }) => role === 'user'))
    throw new RowFault('no_user_turn', 'has no turn of the user to answer', column);
  const last = turns.findLastIndex(isLearnt);
  if (last < 0)
    throw new RowFault('no_answer_weighted', 'has only answers of weight 0, so there is nothing to learn', column);
  const kept = turns.slice(0, last + 1);
  const more: RowNote[] = [
    ...(kept.length < turns.length ? (['last_question_dropped'] as const) : []),
    ...(kept.some(({ weight }) => weight === 0) ? (['answers_not_learnt'] as const) : []),
  ];
  return { turns: kept, notes: new Set([...notes, ...more]) };
}

const isLearnt = ({ role, weight }: ChatTurn): boolean => role === 'assistant' && weight !== 0;
