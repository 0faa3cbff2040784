import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Client } from '@agon/client';
import { type ChatMessage, ChatRow } from '@agon/contracts';

const prompts = 3;
const newTokensMax = 48;

export type Answers = {
  readonly prompt: string;
  readonly wanted: string;
  readonly base: string;
  readonly winner: string;
};

/** Lets base and winner answer some prompts of the dataset through the service, greedily. */
export async function answerSideBySide(
  client: Pick<Client, 'chat'>,
  input: { file: string; base: string; winner: string },
): Promise<Answers[]> {
  const rows = await someRows(input.file);
  const ask = (model: string) =>
    Promise.all(rows.map((row) => answerOf(client, { model, messages: row.messages.slice(0, -1) })));
  const [base, winner] = [await ask(input.base), await ask(input.winner)];
  return rows.map((row, index) => ({
    prompt: row.messages.at(-2)?.content ?? '',
    wanted: row.messages.at(-1)?.content ?? '',
    base: base[index] ?? '',
    winner: winner[index] ?? '',
  }));
}

async function answerOf(
  client: Pick<Client, 'chat'>,
  request: { model: string; messages: ChatMessage[] },
): Promise<string> {
  const { choices } = await client.chat.create({ ...request, temperature: 0, max_tokens: newTokensMax });
  return choices[0]?.message.content.trim() ?? '';
}

/** Some rows of the file, spread over it. */
async function someRows(file: string): Promise<ChatRow[]> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: createReadStream(file) })) if (line.trim() !== '') lines.push(line);
  const step = Math.floor(lines.length / (prompts + 1));
  const chosen = Array.from({ length: prompts }, (_, index) => lines[(index + 1) * step] ?? '');
  return chosen.map((line) => ChatRow.parse(JSON.parse(line)));
}
