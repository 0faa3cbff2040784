import type { ChatRow, ChatTurn } from '@agon/contracts';
import { cleanText } from './clean-text.ts';
import { normaliseConversation } from './normalise-turns.ts';
import { parseTurns, turnsOf } from './parse-turns.ts';
import { type CellOf, type ReadRow, refuseEmpty, withSystem } from './row-parts.ts';
import { mainColumn, type TextLayout } from './text-layout.ts';

type ChatLayout = TextLayout & { task: 'chat' };

/** Reads a conversation. @throws RowFault */
export function readChatRow(layout: ChatLayout, cell: CellOf): ReadRow<ChatRow> {
  const column = mainColumn(layout);
  const raw = layout.shape === 'messages' ? turnsOf(cell(layout.messages), layout.messages) : pairOf(layout, cell);
  const { turns, notes } = normaliseConversation(withSystem(raw, cell(layout.system)), column);
  return { row: { messages: turns }, notes };
}

/** Prompt and completion as turns; either may be a list of turns itself. */
function pairOf(layout: ChatLayout & { shape: 'pair' }, cell: CellOf): ChatTurn[] {
  const prompt = parseTurns(cell(layout.prompt), layout.prompt) ?? [
    { content: promptOf(layout, cell), role: 'user' as const },
  ];
  const completion = parseTurns(cell(layout.completion), layout.completion) ?? [
    {
      content: refuseEmpty(cleanText(cell(layout.completion)), { code: 'empty_completion', column: layout.completion }),
      role: 'assistant' as const,
    },
  ];
  return [...prompt, ...completion];
}

function promptOf(layout: ChatLayout & { shape: 'pair' }, cell: CellOf): string {
  const texts = [cleanText(cell(layout.prompt)), cleanText(cell(layout.input))].filter((text) => text !== '');
  return refuseEmpty(texts.join('\n\n'), { code: 'empty_prompt', column: layout.prompt });
}
