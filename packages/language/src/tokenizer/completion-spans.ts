import type { ChatMessage } from '@agon/contracts';
import type { ChatTemplate } from './chat-template.ts';

/** Characters `[start, end)` of a text. */
export type Span = { readonly start: number; readonly end: number };

/**
 * Renders a conversation and finds what the model has to say of it. The completion of a turn is what stands between the
 * head that the template puts before an answer and the next turn: the answer with the token that ends it, without
 * white space at its end. It is found by rendering the turns before, once with the head of an answer and once with the
 * answer. Templates that show a turn differently when others follow (they drop earlier reasoning) fail that test; there
 * the answer's own text is looked for, and a special token right after it belongs to it.
 *
 * @param scored which turns count.
 * @throws Error where the template refuses the conversation.
 */
export function completionSpans(
  template: ChatTemplate,
  messages: readonly ChatMessage[],
  options: { scored: (message: ChatMessage, index: number) => boolean; specialTokens: readonly string[] },
): { text: string; spans: Span[] } {
  const text = template.render(messages, { prompt: false });
  const spans: Span[] = [];
  let from = 0;
  for (const [index, message] of messages.entries()) {
    const answer = message.role === 'assistant';
    const rendered = answer ? renderedSpan(template, messages, index, text) : undefined;
    const span = rendered ?? searchedSpan(text, from, message.content, options.specialTokens);
    if (!span) continue;
    from = Math.max(from, span.end);
    if (answer && options.scored(message, index) && span.end > span.start) spans.push(span);
  }
  return { text, spans };
}

/** The span by rendering; undefined where the whole does not begin with its parts. */
function renderedSpan(
  template: ChatTemplate,
  messages: readonly ChatMessage[],
  index: number,
  text: string,
): Span | undefined {
  const before = renderedStart(template, messages.slice(0, index), { prompt: true });
  const through = renderedStart(template, messages.slice(0, index + 1), { prompt: false });
  if (before === undefined || through === undefined || through.length < before.length) return undefined;
  if (!text.startsWith(before) || !text.startsWith(through)) return undefined;
  return trimmed(text, { start: before.length, end: through.length });
}

/** Some templates refuse the beginning of a conversation that they take as a whole. */
function renderedStart(
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

function searchedSpan(text: string, from: number, content: string, specialTokens: readonly string[]): Span | undefined {
  const wanted = content.trim();
  const start = wanted === '' ? -1 : text.indexOf(wanted, from);
  if (start < 0) return undefined;
  const end = start + wanted.length;
  const ending = specialTokens.find((token) => token !== '' && text.startsWith(token, end));
  return { start, end: end + (ending?.length ?? 0) };
}

const trimmed = (text: string, { start, end }: Span): Span => ({
  start,
  end: start + text.slice(start, end).trimEnd().length,
});
