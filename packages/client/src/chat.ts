import {
  type ChatCompletion,
  type ChatCompletionChunk,
  type CreateChatCompletion,
  ErrorEnvelope,
} from '@agon/contracts';
import { ApiError, errorOfEnvelope } from './api-error.ts';
import { readServerSentEvents } from './server-sent-events.ts';
import type { Transport } from './transport.ts';

/** What is asked of a model: OpenAI's request without `stream`, which the method says. */
export type ChatInput = Omit<CreateChatCompletion, 'stream' | 'stream_options'>;
type Settings = { readonly signal?: AbortSignal | undefined };

const path = '/v1/chat/completions';
const lastFrame = '[DONE]';
/** A stream that has begun can't tell a status any more. */
const statusOfFrames = 500;

/** Conversations with winners and base models. */
export function chatOf(transport: Transport) {
  return {
    /** The whole answer at once. */
    create: (input: ChatInput, { signal }: Settings = {}) =>
      transport.json<ChatCompletion>({ method: 'POST', path, json: input, signal }),
    /** The answer as it is made; the last frame has the usage. Leaving the loop, or `signal`, ends the work. */
    stream: (input: ChatInput, { signal }: Settings = {}): AsyncGenerator<ChatCompletionChunk> =>
      streamChat(transport, input, signal),
  };
}

async function* streamChat(
  transport: Transport,
  input: ChatInput,
  signal: AbortSignal | undefined,
): AsyncGenerator<ChatCompletionChunk> {
  const json = { ...input, stream: true, stream_options: { include_usage: true } };
  const response = await transport.send({ method: 'POST', path, json, signal });
  try {
    const frames = readServerSentEvents(response.body as unknown as AsyncIterable<Uint8Array>);
    for await (const { data } of frames) {
      if (data === lastFrame) return;
      yield chunkOf(JSON.parse(data));
    }
  } catch (error) {
    if (signal?.aborted || error instanceof ApiError) throw error;
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
