import { ApiError } from '@agon/client';
import type { Conversation } from './conversation.ts';

/** A person at a terminal, or a test in their place. */
export type ChatTerminal = {
  /** The next line; undefined when the person leaves. */
  readonly ask: () => Promise<string | undefined>;
  readonly write: (text: string) => void;
  /** Calls `stop` at Ctrl-C until the function that it answers is called. */
  readonly onInterrupt: (stop: () => void) => () => void;
};

export const chatHelp = '/clear begins anew, /exit leaves, Ctrl-C stops an answer and leaves at the prompt.';

/** Talks until the person leaves. A refusal is shown, and the conversation goes on without that turn. */
export async function talk(conversation: Conversation, terminal: ChatTerminal): Promise<void> {
  for (let line = await terminal.ask(); line !== undefined; line = await terminal.ask()) {
    const said = line.trim();
    if (said === '/exit') return;
    if (said === '/clear') conversation.clear();
    else if (said === '/help') terminal.write(`${chatHelp}\n`);
    else if (said !== '') await turn(conversation, terminal, said);
  }
}

async function turn(conversation: Conversation, terminal: ChatTerminal, said: string): Promise<void> {
  const stopper = new AbortController();
  const forget = terminal.onInterrupt(() => stopper.abort());
  try {
    const { reason } = await conversation.say(said, { signal: stopper.signal, onText: terminal.write });
    terminal.write(`${endings[reason ?? 'stopped']}\n\n`);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    terminal.write(`${error.code}: ${error.message}\n\n`);
  } finally {
    forget();
  }
}

/** What is said of an answer that did not end by itself. */
const endings = { stop: '', length: ' … (as long as --max-tokens allows)', stopped: ' … (stopped)' } as const;
