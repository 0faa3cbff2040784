import { text as readAll } from 'node:stream/consumers';
import { ConsoleTerminal } from '../chat/console-terminal.ts';
import { type ChatSettings, Conversation, requestOf } from '../chat/conversation.ts';
import { chatHelp, talk } from '../chat/talk.ts';
import { addCommand, nonNegativeNumber, positiveNumber, type Register } from '../command.ts';
import { CommandError, type Context, clientOf, type SharedOptions } from '../context.ts';

type Options = SharedOptions & {
  readonly message?: string;
  readonly system?: string;
  readonly temperature?: number;
  readonly maxTokens?: number;
  readonly seed?: number;
};

/** Lower than the API's 1: small models wander. */
const temperatureDefault = 0.7;

/** `agon chat`. */
export const registerChat: Register = (program, context) => {
  addCommand(program, {
    usage: 'chat <model>',
    summary: 'talk to a winner or a base model; Ctrl-C stops an answer, a second one leaves',
    examples: [
      'chat model_01abc…',
      'chat ft:agon/agon-tiny:me:words:01abcdef --temperature 0',
      'chat agon/agon-tiny --message "What is a noun?" --max-tokens 64',
      'chat agon/agon-tiny --json < question.txt',
    ],
  })
    .option('--message <text>', 'ask this and leave; without it and without a terminal, standard input is asked')
    .option('--system <text>', 'what the model is told first')
    .option('--temperature <number>', '0 for the likeliest answer, up to 2', nonNegativeNumber, temperatureDefault)
    .option('--max-tokens <count>', 'tokens of an answer at most', positiveNumber)
    .option('--seed <number>', 'the same seed draws the same answer', nonNegativeNumber)
    .action((model: string, options: Options) => chat(context, model, options));
};

async function chat(context: Context, model: string, options: Options): Promise<void> {
  const { system, temperature, maxTokens, seed } = options;
  const settings: ChatSettings = { model, system, temperature, maxTokens, seed };
  const message = options.message ?? (process.stdin.isTTY ? undefined : (await readAll(process.stdin)).trim());
  if (message === '') throw new CommandError('There is nothing to ask: --message is empty, or standard input is.');
  if (message !== undefined) return once(context, { settings, message, options });
  if (options.json || !context.isTerminal) throw new CommandError('Give the question with --message TEXT.');
  const conversation = new Conversation(await clientOf(context, options), settings);
  const terminal = new ConsoleTerminal(process.stdin, process.stdout);
  context.out(`${model}. ${chatHelp}`);
  try {
    await talk(conversation, terminal);
  } finally {
    terminal.close();
  }
}

/** One question; its answer is shown as it comes. */
async function once(
  context: Context,
  { settings, message, options }: { settings: ChatSettings; message: string; options: Options },
): Promise<void> {
  const client = await clientOf(context, options);
  const signal = context.interrupted;
  if (options.json) {
    const request = requestOf(settings, [{ role: 'user', content: message }]);
    return context.out(JSON.stringify(await client.chat.create(request, { signal })));
  }
  await new Conversation(client, settings).say(message, { signal, onText: context.write });
  context.out('');
  signal.throwIfAborted();
}
