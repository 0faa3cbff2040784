import type { Client } from '@agon/client';
import type { Context } from '../context.ts';

type Request = Parameters<Client['chat']['stream']>[0];

/**
 * Writes an answer as it comes and answers it whole. Aborting the signal keeps what has come so far.
 *
 * @throws ApiError where the service refuses or fails.
 */
export async function streamAnswer(
  context: Pick<Context, 'write' | 'out'>,
  client: Pick<Client, 'chat'>,
  request: Request,
  signal: AbortSignal,
): Promise<string> {
  let text = '';
  try {
    for await (const chunk of client.chat.stream(request, { signal })) {
      const piece = chunk.choices[0]?.delta.content ?? '';
      text += piece;
      context.write(piece);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  context.out('');
  return text;
}
