import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { ChatRow, type Model } from '@agon/contracts';
import { type Answerer, answerPrompts } from '@agon/language';

const prompts = 3;
const newTokensMax = 48;
const limits = { memoryMib: 6_000, timeMs: 180_000, threads: 2 };

export type Answers = {
  readonly prompt: string;
  readonly wanted: string;
  readonly base: string;
  readonly winner: string;
};

/**
 * Lets base and winner answer some prompts of the dataset, greedily.
 *
 * @param input.pulled folder of the pulled winner: an adapter or a checkpoint.
 * @param input.workFolder for what the answers need on the way.
 */
export async function answerSideBySide(input: {
  file: string;
  model: Model;
  baseFolder: string;
  pulled: string;
  workFolder: string;
}): Promise<Answers[]> {
  const rows = await lastRows(input.file);
  const conversations = rows.map((row) => row.messages.slice(0, -1));
  const winner: Answerer = input.model.files.some((file) => file.path === 'adapter_model.safetensors')
    ? { kind: 'adapter', folder: input.pulled }
    : { kind: 'checkpoint', folder: input.pulled };
  const ask = (answerer: Answerer) =>
    answerPrompts(
      { baseFolder: input.baseFolder, answerer, workFolder: input.workFolder, conversations, newTokensMax },
      limits,
    );
  const base = await ask({ kind: 'base' });
  const won = await ask(winner);
  return rows.map((row, index) => ({
    prompt: row.messages.at(-2)?.content ?? '',
    wanted: row.messages.at(-1)?.content ?? '',
    base: base[index] ?? '',
    winner: won[index] ?? '',
  }));
}

/** Some rows of the file, spread over it. */
async function lastRows(file: string): Promise<ChatRow[]> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: createReadStream(file) })) if (line.trim() !== '') lines.push(line);
  const step = Math.floor(lines.length / (prompts + 1));
  const chosen = Array.from({ length: prompts }, (_, index) => lines[(index + 1) * step] ?? '');
  return chosen.map((line) => ChatRow.parse(JSON.parse(line)));
}
