import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Client } from '@agon/client';
import { ChatRow } from '@agon/contracts';

const prompts = 3;
const newTokensMax = 48;

export type Answers = {
  readonly prompt: string;
  readonly wanted: string;
  readonly base: string;
  readonly winner: string;
};

/**
 * Lets base and winner answer some prompts of the dataset, greedily, all at once.
 *
 * @param input.base name of the base model; `winner` the id of what was made from it.
 */
export async function answerSideBySide(
  client: Pick<Client, 'chat'>,
  input: { file: string; base: string; winner: string },
): Promise<Answers[]> {
  const rows = await someRows(input.file);
  const answer = async (model: string, { messages }: ChatRow): Promise<string> => {
    const asked = { model, messages: messages.slice(0, -1), temperature: 0, max_completion_tokens: newTokensMax };
    return (await client.chat.create(asked)).choices[0]?.message.content.trim() ?? '';
  };
  return Promise.all(
    rows.map(async (row) => ({
      prompt: row.messages.at(-2)?.content ?? '',
      wanted: row.messages.at(-1)?.content ?? '',
      base: await answer(input.base, row),
      winner: await answer(input.winner, row),
    })),
  );
}

/** Some rows of the file, spread over it. */
async function someRows(file: string): Promise<ChatRow[]> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: createReadStream(file) })) if (line.trim() !== '') lines.push(line);
  const step = Math.floor(lines.length / (prompts + 1));
  const chosen = Array.from({ length: prompts }, (_, index) => lines[(index + 1) * step] ?? '');
  return chosen.map((line) => ChatRow.parse(JSON.parse(line)));
}
