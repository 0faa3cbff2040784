import type { Client } from '@agon/client';
import type { ChatCompletionChunk, ChatMessage } from '@agon/contracts';

export type ChatSettings = {
  readonly model: string;
  readonly system?: string | undefined;
  readonly temperature?: number | undefined;
  readonly maxTokens?: number | undefined;
  readonly seed?: number | undefined;
};

type FinishReason = NonNullable<ChatCompletionChunk['choices'][number]['finish_reason']>;

export type Answer = {
  readonly text: string;
  /** Null where the answer was stopped. */
  readonly reason: FinishReason | null;
};

/** What settings and turns come to as a request. */
export const requestOf = (settings: ChatSettings, messages: readonly ChatMessage[]) => ({
  model: settings.model,
  messages: [...(settings.system ? [{ role: 'system' as const, content: settings.system }] : []), ...messages],
  temperature: settings.temperature,
  max_completion_tokens: settings.maxTokens,
  seed: settings.seed,
});

/** A conversation with a model, turn by turn. */
export class Conversation {
  readonly #client: Pick<Client, 'chat'>;
  readonly #settings: ChatSettings;
  #messages: ChatMessage[] = [];

  constructor(client: Pick<Client, 'chat'>, settings: ChatSettings) {
    this.#client = client;
    this.#settings = settings;
  }

  get messages(): readonly ChatMessage[] {
    return this.#messages;
  }

  /** Forgets all turns. */
  clear(): void {
    this.#messages = [];
  }

  /**
   * Says something and hears the answer as it comes. An answer that `signal` stops is kept as far as it came; a turn that
   * was not answered at all is forgotten.
   *
   * @throws ApiError where the service refuses.
   */
  async say(content: string, hearing: { signal: AbortSignal; onText: (text: string) => void }): Promise<Answer> {
    const turn: ChatMessage = { role: 'user', content };
    const heard: { text: string; reason: FinishReason | null } = { text: '', reason: null };
    try {
      const request = requestOf(this.#settings, [...this.#messages, turn]);
      for await (const { choices } of this.#client.chat.stream(request, { signal: hearing.signal })) {
        const text = choices[0]?.delta.content ?? '';
        heard.text += text;
        heard.reason = choices[0]?.finish_reason ?? heard.reason;
        if (text !== '') hearing.onText(text);
      }
    } catch (error) {
      if (!hearing.signal.aborted) throw error;
    }
    if (heard.text !== '') this.#messages.push(turn, { role: 'assistant', content: heard.text });
    return heard;
  }
}
