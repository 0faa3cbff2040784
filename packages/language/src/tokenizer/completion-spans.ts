import type { ChatMessage } from '@agon/contracts';
import type { ChatTemplate } from './chat-template.ts';

/** Characters `[start, end)` of a text. */
export type Span = { readonly start: number; readonly end: number };

/**
 * Finds the completions in a conversation, by the rules of docs/trainer-contract.md ("How a conversation becomes
 * tokens"): what an assistant's turn adds to the turns before it and the head of an answer, without white space at its
 * end. A turn that the template shows otherwise once others follow has none, nor has one that answers nobody. In order, each when it is asked for: every
 * one costs two renderings.
 *
 * @param text all messages as the template shows them.
 * @param scored which of the assistant's turns count, by index.
 */
export function* completionSpans(
  template: ChatTemplate,
  messages: readonly ChatMessage[],
  text: string,
  scored: (index: number) => boolean,
): Generator<Span> {
  for (const [index, message] of messages.entries()) {
    if (index === 0 || message.role !== 'assistant' || !scored(index)) continue;
    const span = spanOf(template, messages, index, text);
    if (span) yield span;
  }
}

function spanOf(
  template: ChatTemplate,
  messages: readonly ChatMessage[],
  index: number,
  text: string,
): Span | undefined {
  const before = rendered(template, messages.slice(0, index), { prompt: true });
  const through = rendered(template, messages.slice(0, index + 1), { prompt: false });
  if (before === undefined || through === undefined || through.length <= before.length) return undefined;
  if (!through.startsWith(before) || !text.startsWith(through)) return undefined;
  const start = before.length;
  const end = trimmedEnd(text, { start, end: through.length });
  return end > start ? { start, end } : undefined;
}

/** Some templates refuse the beginning of a conversation that they take as a whole. */
function rendered(
  template: ChatTemplate,
  messages: readonly ChatMessage[],
  options: { prompt: boolean },
): string | undefined {
  try {
    return template.render(messages, options);
  } catch {
    return undefined;
  }
}

/** What Python's `str.rstrip` takes away, so that trainers cut at the same place: not what JavaScript's `trimEnd` does. */
const isSpace = (character: string): boolean =>
  /[\s\x85]/.test(character) ? character !== '\ufeff' : character >= '\x1c' && character <= '\x1f';

function trimmedEnd(text: string, { start, end }: Span): number {
  let at = end;
  while (at > start && isSpace(text.charAt(at - 1))) at -= 1;
  return at;
}
