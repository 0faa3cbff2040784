import type { ChatTurn } from '@agon/contracts';
import { shown } from '@agon/domain';
import { cleanText } from './clean-text.ts';
import { RowFault } from './row-fault.ts';

type Role = ChatTurn['role'];

/** The roles of OpenAI's and ShareGPT's formats and of their kin. */
const roles: Readonly<Record<string, Role>> = {
  system: 'system',
  developer: 'system',
  user: 'user',
  human: 'user',
  assistant: 'assistant',
  gpt: 'assistant',
  model: 'assistant',
  bot: 'assistant',
};
const rolesKnown = 'system, user and assistant (or human and gpt)';

/**
 * The turns in a cell: a JSON list of objects with `role` and `content` (OpenAI) or `from` and `value` (ShareGPT), or an object
 * with such a list as `messages`. Texts are cleaned.
 *
 * @returns null where the cell is not such a list, so that it may be plain text.
 * @throws RowFault for a list with a turn that cannot be used.
 */
export function parseTurns(cell: string, column: string): ChatTurn[] | null {
  const list = listIn(cell);
  if (list === null) return null;
  return list.map((turn, index) => parseTurn(turn, { number: index + 1, column }));
}

/** As `parseTurns`, where nothing else than a list will do. @throws RowFault */
export function turnsOf(cell: string, column: string): ChatTurn[] {
  const turns = parseTurns(cell, column);
  if (turns !== null) return turns;
  const message = `has in ${shown(column)} no list of turns; write [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}]`;
  throw new RowFault('not_a_conversation', message, column);
}

function listIn(cell: string): Record<string, unknown>[] | null {
  const first = cell.trimStart()[0];
  if (first !== '[' && first !== '{') return null;
  let value: unknown;
  try {
    value = JSON.parse(cell);
  } catch {
    return null;
  }
  const list = isObject(value) && 'messages' in value ? value.messages : value;
  const isList = Array.isArray(list) && list.every(isTurn);
  return isList ? (list as Record<string, unknown>[]) : null;
}

const isTurn = (value: unknown): boolean => isObject(value) && (value.role ?? value.from) !== undefined;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

type Place = { readonly number: number; readonly column: string };

function parseTurn(turn: Record<string, unknown>, place: Place): ChatTurn {
  const name = turn.role ?? turn.from;
  const role = typeof name === 'string' ? roles[name.trim().toLowerCase()] : undefined;
  if (role === undefined) {
    const said = typeof name === 'string' ? shown(name) : 'no text as role';
    throw new RowFault(
      'unknown_role',
      `has ${said} in turn ${place.number}; the roles are ${rolesKnown}`,
      place.column,
    );
  }
  const content = cleanText(contentOf(turn, place));
  return role === 'assistant' && isUnweighted(turn, place) ? { content, role, weight: 0 } : { content, role };
}

/** OpenAI's `weight` of an answer: 0 leaves it out of what is learnt, 1 is the default. */
function isUnweighted({ weight }: Record<string, unknown>, { number, column }: Place): boolean {
  if (weight === undefined || weight === null || weight === 1) return false;
  if (weight === 0) return true;
  const message = `has ${shown(JSON.stringify(weight))} as weight of turn ${number}; it may be 0 or 1`;
  throw new RowFault('weight_unknown', message, column);
}

function contentOf(turn: Record<string, unknown>, { number, column }: Place): string {
  const content = turn.content ?? turn.value ?? turn.text;
  if (content === null || content === undefined) {
    if (!('tool_calls' in turn) && !('function_call' in turn)) return '';
    throw new RowFault('tool_call', `calls a tool in turn ${number}; only text is learnt`, column);
  }
  const text = typeof content === 'string' ? content : textOfParts(content);
  if (text === null) {
    throw new RowFault('content_not_text', `has something else than text as content of turn ${number}`, column);
  }
  if (text.includes('\0')) throw new RowFault('nul_character', `has a NUL character in turn ${number}`, column);
  return text;
}

/** The text of `[{"type": "text", "text": "…"}]`, or null where a part is not text. */
function textOfParts(content: unknown): string | null {
  if (!Array.isArray(content)) return null;
  const texts = content.map((part: unknown) => (isObject(part) && part.type === 'text' ? part.text : null));
  return texts.every((text) => typeof text === 'string') ? texts.join('') : null;
}
