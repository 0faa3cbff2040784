import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ChatRow } from '@agon/contracts';

const dataset = join(fileURLToPath(new URL('../../', import.meta.url)), 'datasets', 'countries', 'countries.jsonl');
/** A token of a text in English has about so many characters, the template's own tokens counted. */
const charactersPerToken = 3.4;

/** Conversations out of the questions about countries, of lengths spread evenly between the bounds. */
export async function longChats(count: number, tokens: { min: number; max: number }): Promise<ChatRow[]> {
  const lines = (await readFile(dataset, 'utf8')).trimEnd().split('\n');
  const source = lines.map((line) => ChatRow.parse(JSON.parse(line)));
  let next = 0;
  return Array.from({ length: count }, (_, row) => {
    const wanted = tokens.min + ((tokens.max - tokens.min) * ((row * 7) % count)) / Math.max(1, count - 1);
    const messages: ChatRow['messages'] = [];
    let characters = 0;
    while (characters < wanted * charactersPerToken) {
      const turns = source[next % source.length]?.messages ?? [];
      next += 1;
      messages.push(...turns);
      characters += turns.reduce((sum, turn) => sum + turn.content.length + 20, 0);
    }
    return { messages };
  });
}
