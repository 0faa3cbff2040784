import { createInterface } from 'node:readline/promises';
import type { Client } from '@agon/client';
import type { ChatMessage } from '@agon/contracts';
import { streamAnswer } from '../chat/stream-answer.ts';
import { addCommand, type Register } from '../command.ts';
import { CommandError, type Context, clientOf, type SharedOptions } from '../context.ts';

type Options = SharedOptions & {
  message?: string;
  system?: string;
  temperature?: string;
  maxTokens?: string;
  seed?: string;
};

const leaveWords = new Set(['/exit', '/quit']);

/** `agon chat`: talk with a winner or a base model. */
export const registerChat: Register = (program, context) => {
  addCommand(program, {
    usage: 'chat <model>',
    summary: 'talk with a winner or a base model; Ctrl-C ends an answer, twice leaves',
    examples: [
      'chat model_01abc…',
      'chat agon/agon-tiny --message "What does it mean to reign?"',
      'chat ft:org/base:acme:support:1a2b3c4d --system "Answer in one sentence." --temperature 0 --json --message "Hi"',
    ],
  })
    .option('--message <text>', 'ask this and end, instead of a conversation')
    .option('--system <text>', 'what the model is told first')
    .option('--temperature <number>', '0 takes the likeliest words (default: 0.7)')
    .option('--max-tokens <count>', 'length of an answer')
    .option('--seed <number>', 'the same seed gives the same answer')
    .action((model: string, options: Options) => chat(context, model, options));
};

const temperatureDefault = 0.7;

/** A number of an option. @throws CommandError */
function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new CommandError(`--${name} takes a number, not "${text}".`);
}

async function chat(context: Context, model: string, options: Options): Promise<void> {
  const client = await clientOf(context, options);
  const settings = {
    model,
    temperature: numberOf('temperature', options.temperature) ?? temperatureDefault,
    ...defined({ max_tokens: numberOf('max-tokens', options.maxTokens), seed: numberOf('seed', options.seed) }),
  };
  const system: ChatMessage[] = options.system ? [{ role: 'system', content: options.system }] : [];
  if (options.message === undefined) {
    if (options.json) throw new CommandError('--json goes with --message.');
    await converse(context, client, { settings, system });
    return;
  }
  const messages: ChatMessage[] = [...system, { role: 'user', content: options.message }];
  if (options.json) {
    context.out(JSON.stringify(await client.chat.create({ ...settings, messages }), null, 2));
    return;
  }
  await streamAnswer(context, client, { ...settings, messages }, context.interrupted);
}

/** A terminal's conversation: a line, an answer, and so on. */
async function converse(
  context: Context,
  client: Client,
  given: { settings: Omit<Parameters<Client['chat']['create']>[0], 'messages'>; system: ChatMessage[] },
): Promise<void> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const messages = [...given.system];
  let answering: AbortController | undefined;
  lines.on('SIGINT', () => {
    if (answering) answering.abort();
    else lines.close();
  });
  context.interrupted.addEventListener('abort', () => lines.close(), { once: true });
  context.err('Talk to the model; /exit leaves.');
  lines.setPrompt('> ');
  lines.prompt();
  for await (const line of lines) {
    if (leaveWords.has(line.trim())) break;
    if (line.trim() !== '') {
      messages.push({ role: 'user', content: line });
      answering = new AbortController();
      const text = await streamAnswer(context, client, { ...given.settings, messages }, answering.signal);
      answering = undefined;
      messages.push({ role: 'assistant', content: text });
    }
    lines.prompt();
  }
  lines.close();
}

const defined = <T extends Record<string, unknown>>(fields: T): Partial<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
