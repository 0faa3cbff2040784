import type { ChatCompletionChunk, CreateChatCompletion } from '@agon/contracts';
import type { z } from 'zod';
import { ApiError } from './api-error.ts';
import { readServerSentEvents } from './server-sent-events.ts';
import type { Transport } from './transport.ts';

export type ChatInput = z.input<typeof CreateChatCompletion>;

const done = '[DONE]';

/**
 * Lets a model answer, chunk by chunk as the tokens come. Aborting the signal ends the model's work.
 *
 * @throws ApiError where the service refuses, or fails while it answers.
 */
export async function* streamChat(
  transport: Transport,
  request: ChatInput,
  settings: { signal?: AbortSignal | undefined } = {},
): AsyncGenerator<ChatCompletionChunk> {
  const response = await transport.send({
    method: 'POST',
    path: '/v1/chat/completions',
    json: { ...request, stream: true },
    signal: settings.signal,
  });
  if (!response.body) return;
  for await (const { data } of readServerSentEvents(response.body as unknown as AsyncIterable<Uint8Array>)) {
    if (data === done) return;
    yield chunkOf(data);
  }
  throw new ApiError('The answer broke off.', { status: 0, code: 'unreachable' });
}

function chunkOf(data: string): ChatCompletionChunk {
  const chunk = JSON.parse(data) as ChatCompletionChunk & { error?: { message: string; code: string } };
  if (chunk.error) throw new ApiError(chunk.error.message, { status: 0, code: chunk.error.code });
  return chunk;
}
