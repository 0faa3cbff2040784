import type { ChatMessage } from '@agon/contracts';
import { Template } from '@huggingface/jinja';

export type ChatTemplate = {
  /**
   * The conversation as the model reads it.
   *
   * @param options.prompt whether the head of an answer that is to come follows.
   * @throws Error where the template refuses the conversation (`raise_exception`).
   */
  render(messages: readonly ChatMessage[], options: { prompt: boolean }): string;
};

/** Templates that print the day must print the same one on every day, or scores would differ; Llama 3's own default. */
const today = new Date(2024, 6, 26);
/** The library has a clock of its own under this name, which cannot be given from outside. A block's newline goes with it. */
const withOurDay = '{% set strftime_now = strftime_on_our_day %}\n';
const months = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September'].concat([
  'October',
  'November',
  'December',
]);

/**
 * A chat template of Hugging Face's kind, called as transformers calls it.
 *
 * @param specialTokens what a template may name: `bos_token`, `eos_token` and others.
 * @throws Error where the template is no valid Jinja.
 */
export function chatTemplate(source: string, specialTokens: Readonly<Record<string, string>>): ChatTemplate {
  const template = new Template(`${withOurDay}${source}`);
  return {
    render: (messages, { prompt }) =>
      template.render({
        ...specialTokens,
        messages: messages.map(({ role, content }) => ({ role, content })),
        add_generation_prompt: prompt,
        tools: null,
        documents: null,
        strftime_on_our_day: dayOf,
      }),
  };
}

/** `strftime` as far as templates use it. */
function dayOf(format: string): string {
  const month = months[today.getMonth()] ?? '';
  const two = (value: number) => String(value).padStart(2, '0');
  const parts: Record<string, string> = {
    '%Y': String(today.getFullYear()),
    '%m': two(today.getMonth() + 1),
    '%d': two(today.getDate()),
    '%B': month,
    '%b': month.slice(0, 3),
    '%A': 'Friday',
    '%a': 'Fri',
    '%H': '00',
    '%M': '00',
    '%S': '00',
    '%%': '%',
  };
  return format.replace(/%[A-Za-z%]/g, (code) => parts[code] ?? code);
}
