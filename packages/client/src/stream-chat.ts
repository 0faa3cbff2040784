import { type ChatCompletionChunk, type CreateChatCompletion, ErrorEnvelope } from '@agon/contracts';
import type { z } from 'zod';
import { ApiError, errorOfEnvelope } from './api-error.ts';
import { readServerSentEvents } from './server-sent-events.ts';
import type { Transport } from './transport.ts';

export type ChatInput = z.input<typeof CreateChatCompletion>;

const done = '[DONE]';
/** A stream that has begun cannot tell a status any more. */
const statusOfFrames = 500;

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
  try {
    const frames = readServerSentEvents(response.body as unknown as AsyncIterable<Uint8Array>);
    for await (const { data } of frames) {
      if (data === done) return;
      yield chunkOf(JSON.parse(data));
    }
  } catch (error) {
    if (settings.signal?.aborted || error instanceof ApiError) throw error;
    throw brokenOff(error);
  }
  throw brokenOff();
}

/** @throws ApiError where the frame tells of a failure. */
function chunkOf(frame: unknown): ChatCompletionChunk {
  const failure = ErrorEnvelope.safeParse(frame);
  if (failure.success) throw errorOfEnvelope(failure.data, { status: statusOfFrames });
  return frame as ChatCompletionChunk;
}

const brokenOff = (cause?: unknown): ApiError =>
  new ApiError('The answer broke off: the connection ended early.', { status: 0, code: 'unreachable', cause });
