import type { ChatMessage, PreferenceRow } from '@agon/contracts';
import { shown } from '@agon/domain';
import { cleanText } from './clean-text.ts';
import { normaliseTurns } from './normalise-turns.ts';
import { parseTurns } from './parse-turns.ts';
import { RowFault } from './row-fault.ts';
import { type CellOf, type ReadRow, refuseEmpty, withSystem } from './row-parts.ts';
import type { TextLayout } from './text-layout.ts';

type PreferenceLayout = TextLayout & { task: 'preference' };
/** An answer, with the turns before it where its cell has a whole conversation. */
type Answer = { readonly before: ChatMessage[]; readonly text: string };

/** Reads a prompt with two answers to it. @throws RowFault */
export function readPreferenceRow(layout: PreferenceLayout, cell: CellOf): ReadRow<PreferenceRow> {
  const chosen = answerOf(cell(layout.chosen), layout.chosen);
  const rejected = answerOf(cell(layout.rejected), layout.rejected);
  if (JSON.stringify(chosen.before) !== JSON.stringify(rejected.before)) {
    const message = `has other turns before the answer in ${shown(layout.chosen)} than in ${shown(layout.rejected)}; both must answer the same prompt`;
    throw new RowFault('prompts_differ', message, layout.rejected);
  }
  if (chosen.text === rejected.text) {
    const message = `has the same text in ${shown(layout.chosen)} and ${shown(layout.rejected)}, so there is nothing to prefer`;
    throw new RowFault('answers_equal', message, layout.rejected);
  }
  const column = layout.prompt ?? layout.chosen;
  const { turns, notes } = normaliseTurns(withSystem(promptOf(layout, cell, chosen), cell(layout.system)), column);
  if (turns.at(-1)?.role !== 'user') {
    throw new RowFault('prompt_not_a_question', 'has a prompt that does not end with a turn of the user', column);
  }
  return { row: { chosen: chosen.text, prompt: turns, rejected: rejected.text }, notes };
}

/** Whole conversations tell the prompt themselves; else it is a column of its own. */
function promptOf(layout: PreferenceLayout, cell: CellOf, chosen: Answer): ChatMessage[] {
  if (chosen.before.length > 0) return chosen.before;
  const text = cell(layout.prompt);
  const turns = parseTurns(text, layout.prompt ?? '');
  if (turns !== null) return turns;
  const content = refuseEmpty(cleanText(text), { code: 'empty_prompt', column: layout.prompt ?? 'prompt' });
  return [{ content, role: 'user' }];
}

function answerOf(cell: string, column: string): Answer {
  const turns = parseTurns(cell, column);
  const last = turns?.at(-1);
  if (turns && last?.role !== 'assistant') {
    throw new RowFault(
      'last_turn_not_assistant',
      `has in ${shown(column)} turns that do not end with the assistant`,
      column,
    );
  }
  const text = refuseEmpty(last?.content ?? cleanText(cell), { code: 'empty_completion', column });
  return { before: turns?.slice(0, -1) ?? [], text };
}
